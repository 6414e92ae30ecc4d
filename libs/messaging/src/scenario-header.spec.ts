import { describe, expect, it } from '@jest/globals';
import { SCENARIO_HEADER, readScenarioHeader, scenarioHeader } from './scenario-header.js';

describe('the scenario header', () => {
  it('comes back as it was written', () => {
    expect(readScenarioHeader(scenarioHeader('request-check', 'ab12cd34'))).toEqual({
      scenario: 'request-check',
      version: 'ab12cd34',
    });
  });

  it.each([
    ['', 'empty'],
    ['request-check', 'no version'],
    ['request-check@AB12CD34', 'not lower case'],
    ['request-check@ab12cd345', 'nine digits'],
    ['@ab12cd34', 'no name'],
    [`${'x'.repeat(65)}@ab12cd34`, 'a long name'],
    ["x'; DROP TABLE history;--@ab12cd34", 'SQL'],
    ['<script>@ab12cd34', 'markup'],
    ['a\nb@ab12cd34', 'a line break'],
    ['x'.repeat(1_000_000), 'a megabyte'],
  ])('is as if absent when it is not of the form: %#', (text) => {
    expect(readScenarioHeader({ [SCENARIO_HEADER]: text })).toBeUndefined();
  });
});

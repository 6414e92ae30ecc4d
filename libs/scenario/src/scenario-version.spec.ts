import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { ScenarioFile } from './scenario-file.js';
import { identifyScenario } from './scenario-version.js';

const read = (name: string): ScenarioFile =>
  JSON.parse(readFileSync(`nussknacker/scenarios/${name}`, 'utf8')) as ScenarioFile;

/** The same file with every object's keys in the opposite order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, item]) => [key, reversed(item)]),
  );
}

describe('the version of a scenario file', () => {
  it('names the scenario, its topics and eight hexadecimal digits', () => {
    expect(identifyScenario(read('request-check.json'), 'request-check.json')).toEqual({
      scenario: 'request-check',
      version: expect.stringMatching(/^[0-9a-f]{8}$/),
      sourceTopic: 'g2p.request',
      sinkTopics: ['g2p.filtered-requests', 'g2p.malformed-input'],
    });
    expect(identifyScenario(read('response-routing.json'), 'x').sinkTopics).toEqual([
      'g2p.failure',
      'g2p.retry',
      'g2p.review',
      'g2p.success',
    ]);
  });

  it('stays the same when only white space and the order of keys differ', () => {
    const file = read('request-check.json');
    expect(identifyScenario(reversed(file) as ScenarioFile, 'x').version).toBe(
      identifyScenario(file, 'x').version,
    );
  });

  it('changes with one cell of a table', () => {
    const file = read('request-check.json');
    const text = JSON.stringify(file);
    const changed = JSON.parse(text.replace('\\\"500000\\\"', '\\\"500001\\\"')) as ScenarioFile;
    expect(JSON.stringify(changed)).not.toBe(text);
    expect(identifyScenario(changed, 'x').version).not.toBe(identifyScenario(file, 'x').version);
  });
});

import { expect, it } from '@jest/globals';
import { isInstant } from './utc-text.js';

it.each([
  ['2026-03-01T18:00:00Z', true],
  ['2026-03-01T18:00Z', true],
  ['2026-03-01T18:00:00.123456+05:30', true],
  ['2024-02-29T00:00:00Z', true],
  ['9999-12-31T23:59:59.999999-14:00', true],
  ['2026-02-29T00:00:00Z', false],
  ['2026-02-30T00:00:00Z', false],
  ['2026-04-31T00:00:00Z', false],
  ['2026-00-01T00:00:00Z', false],
  ['2026-13-01T00:00:00Z', false],
  ['0000-01-01T00:00:00Z', false],
  ['2026-03-01T24:00:00Z', false],
  ['2026-03-01T18:60:00Z', false],
  ['2026-03-01T18:00:60Z', false],
  ['2026-03-01T18:00:00.1234567Z', false],
  ['2026-03-01T18:00:00+15:00', false],
  ['2026-03-01T18:00:00', false],
  ['2026-03-01', false],
  ['yesterday', false],
  ['', false],
])('%s: is an instant %s', (text, is) => {
  expect(isInstant(text)).toBe(is);
});

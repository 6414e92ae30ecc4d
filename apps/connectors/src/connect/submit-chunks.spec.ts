import { describe, expect, it } from '@jest/globals';
import { submitChunks } from './submit-chunks.js';

const attempts = (count: number, sends: number, queries: number): { sends: number; queries: number }[] =>
  Array.from({ length: count }, () => ({ sends, queries }));
const sizes = (given: readonly { sends: number; queries: number }[], max: number): number[] =>
  submitChunks(given, max).map(({ length }) => length);

describe('how many attempts share a call', () => {
  it.each([
    ['first sends fill their calls', attempts(60, 1, 0), 25, [25, 25, 10]],
    ['a second send after silence shares with a tenth', attempts(5, 2, 1), 25, [2, 2, 1]],
    ['a third one goes alone', attempts(3, 3, 3), 25, [1, 1, 1]],
    ['large files shrink step by step', attempts(250, 3, 2), 10_000, [100, 100, 50]],
    ['what never left is not narrowed', attempts(30, 4, 0), 25, [25, 5]],
    ['a rail of single calls stays one', attempts(2, 1, 0), 1, [1, 1]],
    ['nothing is nothing', [], 25, []],
  ])('%s', (_, given, max, expected) => {
    expect(sizes(given, max)).toEqual(expected);
  });

  it('every attempt is in exactly one call, whatever it went through before', () => {
    const mixed = [...attempts(30, 1, 0), ...attempts(30, 2, 1), ...attempts(30, 3, 2)];
    const chunks = submitChunks(mixed, 25);
    expect(new Set(chunks.flat()).size).toBe(90);
    expect(chunks.flat()).toHaveLength(90);
    for (const chunk of chunks) expect(new Set(chunk.map(({ sends }) => sends)).size).toBe(1);
  });
});

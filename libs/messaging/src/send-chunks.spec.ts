import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { sendChunks } from './send-chunks.js';

const record = (bytes: number): { key: string; value: string } => ({ key: 'k', value: 'x'.repeat(bytes) });

describe('sendChunks', () => {
  it('keeps every record once and in order, in sends below the 1 MB that a broker takes', () => {
    const sizes = fc.array(fc.oneof(fc.nat({ max: 900 }), fc.integer({ min: 50_000, max: 400_000 })), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(sizes, (bytes) => {
        const records = bytes.map(record);
        const chunks = sendChunks(records);
        expect(chunks.flat()).toEqual(records);
        for (const chunk of chunks) {
          expect(chunk.length).toBeGreaterThan(0);
          expect(chunk.reduce((sum, { value }) => sum + value.length + 101, 0)).toBeLessThanOrEqual(900_000);
        }
      }),
    );
  });

  it('ordinary records go a thousand at a time, and one that is too large alone', () => {
    expect(sendChunks(Array.from({ length: 2500 }, () => record(700))).map(({ length }) => length)).toEqual([
      1000, 1000, 500,
    ]);
    expect(sendChunks([record(1), record(2_000_000), record(1)]).map(({ length }) => length)).toEqual([
      1, 1, 1,
    ]);
    expect(sendChunks([])).toEqual([]);
  });
});

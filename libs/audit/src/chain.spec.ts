import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { GENESIS, leafOf, leafText, linkHash } from './chain.js';

describe('the format of the audit chain', () => {
  it('is the one that docs/audit.md gives: a leaf and a link, byte for byte', () => {
    expect(leafText(['7', null, '', 'ክፍያ'])).toBe('1:7-0:9:ክፍያ');
    expect(leafOf(['7', null, '', 'ክፍያ']).toString('hex')).toMatch(/^[0-9a-f]{64}$/);
    const link = { chain: 0, link: 1, firstId: 1n, lastId: 1n, lines: 1, leaves: leafOf(['7']) };
    const at = '2026-03-01T12:00:00.000000Z';
    const hash = linkHash({ ...link, at }, GENESIS);
    expect(hash).toHaveLength(32);
    expect(linkHash({ ...link, at: at.replace('12', '13') }, GENESIS)).not.toEqual(hash);
    expect(linkHash({ ...link, at }, hash)).not.toEqual(hash);
  });

  it('no two different rows have the same text, whatever stands in their fields', () => {
    const field = fc.option(fc.string({ unit: fc.constantFrom('1', ':', '-', 'a', 'é') }), { nil: null });
    const row = fc.array(field, { maxLength: 5 });
    fc.assert(
      fc.property(row, row, (a, b) => {
        expect(leafText(a) === leafText(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
      { numRuns: 2_000 },
    );
  });
});

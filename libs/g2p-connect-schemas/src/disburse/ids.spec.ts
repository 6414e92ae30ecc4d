import { describe, expect, it } from '@jest/globals';
import { batchId, disbursementId, questionId, railId } from './ids.js';

/** Reckoned with Python's hashlib and json from the rule in the doc comments. */
const KNOWN = [
  [
    'openg2p',
    'tx-1',
    'ref-1',
    '9abca861-930d-8954-9e52-8331d83d2a8d',
    '9abca861-930d-8954-b996-4a7d70446954',
  ],
  [
    'openg2p',
    'tx-1',
    'ref-2',
    '9abca861-930d-8954-9e52-8331d83d2a8d',
    '9abca861-930d-8954-ae4c-a3eeac03375a',
  ],
  ['sénder', 't "x"', 'ر🌾', 'fb0d5b18-f2d2-8226-930b-75a3e97bbb0e', 'fb0d5b18-f2d2-8226-8cf4-88d897f3d964'],
  [
    'openg2p',
    'tx-2',
    'ref-1',
    'c01a2a16-995a-8ebc-9478-eef57b1e8069',
    'c01a2a16-995a-8ebc-aff3-e9bf1daf8e49',
  ],
  ['a', 'b', 'ref-4', '0473ef2d-c0d3-84ab-a59d-3580c1134e9d', '0473ef2d-c0d3-84ab-b461-fa2fcf8a883d'],
] as const;

describe('ids that any process computes alike', () => {
  it.each(KNOWN)('%s, %s, %s', (sender, transaction, reference, batch, disbursement) => {
    expect(batchId(sender, transaction)).toBe(batch);
    expect(disbursementId(sender, transaction, reference)).toBe(disbursement);
  });

  it('one batch after the other, back and forth: each line keeps the half of its own batch', () => {
    for (const [sender, transaction, reference, , disbursement] of [...KNOWN, ...KNOWN.toReversed()])
      expect(disbursementId(sender, transaction, reference)).toBe(disbursement);
  });

  it('a rail id is shaped like UUID version 4, a question id is version 8', () => {
    expect(railId('openg2p', 'ref-1', 1)).toBe('0e0d6a85-d011-42c9-8f48-0f0ba8487ec6');
    expect(questionId('a', 'b')).toBe('a6babfd8-b3ad-834a-b216-5d2a291afb72');
  });
});

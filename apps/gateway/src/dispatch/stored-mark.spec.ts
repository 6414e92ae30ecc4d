import { describe, expect, it } from '@jest/globals';
import type { InRecord } from '@gpo/messaging';
import { StoredMark } from './stored-mark.js';

const ID = '0b8f3c1e-6a52-8d3f-9c0a-2f4b6d8e0a1c';
const mark = new StoredMark('installation-1');

function record(change: Partial<InRecord>): InRecord {
  const value = Buffer.from(JSON.stringify({ disbursement_id: ID }));
  return {
    topic: 'g2p.request',
    partition: 0,
    offset: '0',
    key: ID,
    value,
    headers: mark.headers,
    ...change,
  };
}

describe('the mark of a stored request', () => {
  it('is on what this installation published', () => {
    expect(mark.isOn(record({}))).toBe(true);
  });

  it.each<[string, Partial<InRecord>]>([
    ['a record without header', { headers: {} }],
    ['a header that somebody made up', { headers: { 'gpo-stored': '1' } }],
    ['a record of another installation', { headers: new StoredMark('installation-2').headers }],
    ['a copied header on another request', { value: Buffer.from('{"reference_id":"new"}') }],
    [
      'a copied header on a request whose key is its reference',
      { value: Buffer.from(`{"reference_id":"${ID}"}`) },
    ],
    ['a copied header with another key', { key: 'my-key', value: Buffer.from('{"reference_id":"my-key"}') }],
    ['a copied header with an empty key', { key: '' }],
    ['a copied header without key', { key: null }],
    ['a copied header without value', { value: null }],
  ])('is not on %s, so that intake looks at it', (_what, change) => {
    expect(mark.isOn(record(change))).toBe(false);
  });
});

import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { GENESIS, linkHash } from './chain.js';
import { headJson, readHeadRecord } from './head.record.js';

const leaf = createHash('sha256').update('a').digest();
const AT = '2026-03-01T12:00:00.000000Z';

describe('the format of the audit chain', () => {
  it('a link is hashed as docs/audit.md says, and by all that it holds', () => {
    const link = { chain: 0, link: 1, firstId: 1, lastId: 1, lines: 1, leaves: leaf, at: AT };
    const digest = createHash('sha256').update(leaf).digest('hex');
    const text = `0\n1\n1\n${digest}\n${AT}\n${'0'.repeat(64)}`;
    const hash = linkHash(link, GENESIS);
    expect(hash).toEqual(createHash('sha256').update(text).digest());
    const others = [
      { chain: 1 },
      { link: 2 },
      { lines: 2 },
      { at: AT.replace('12', '13') },
      { leaves: hash },
    ];
    for (const other of others) expect(linkHash({ ...link, ...other }, GENESIS)).not.toEqual(hash);
    expect(linkHash(link, hash)).not.toEqual(hash);
  });

  it.each([
    ['no JSON', '{'],
    ['another format', '{"format":2,"heads":[]}'],
    ['no heads', '{"format":1}'],
    ['a head without its link', '{"format":1,"heads":[{"chain":1,"hash":"00"}]}'],
    ['a hash that is none', '{"format":1,"heads":[{"chain":1,"link":1,"hash":"00"}]}'],
  ])('%s in the topic of heads is an error, not skipped', (_what, text) => {
    expect(() => readHeadRecord(text)).toThrow();
  });

  it('a head is read as it was written', () => {
    const head = { chain: 3, link: 7, hash: leaf };
    expect(readHeadRecord(JSON.stringify({ format: 1, at: AT, heads: [headJson(head)] }))).toEqual([head]);
  });
});

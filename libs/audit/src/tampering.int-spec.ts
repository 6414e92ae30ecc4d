import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Sql } from '@gpo/persistence';
import { RecordRig } from '../../../tools/testing/record-rig-spec.js';
import type { Finding, Head } from './chain.js';
import { verifyChain, verifyChainIn } from './chain.verify.js';
import { checkHeads } from './head.check.js';
import { writeHistory } from './history.rig-spec.js';

const TAMPERINGS = 1000;
/** One tampering in this many leaves a chain that fits in itself: every later hash is made anew. */
const RECOMPUTED = 3;

/** Rebuilds a chain over the rows that are there now, with the product's own functions: numbers, leaves, hashes, head. */
const RECOMPUTE = `CREATE FUNCTION recompute(c smallint) RETURNS void LANGUAGE plpgsql AS $$
  DECLARE one record; number bigint := 0; before bytea := decode(repeat('00', 32), 'hex'); made bytea;
  BEGIN
    CREATE TEMP TABLE old_link ON COMMIT DROP AS SELECT * FROM audit_link WHERE chain = c;
    DELETE FROM audit_link WHERE chain = c;
    FOR one IN SELECT * FROM old_link o WHERE EXISTS (SELECT FROM history h WHERE h.chain = c AND h.link = o.link) ORDER BY link LOOP
      number := number + 1;
      UPDATE history SET link = -number WHERE chain = c AND link = one.link;
      UPDATE history SET link = number WHERE chain = c AND link = -number;
      INSERT INTO audit_link (chain, link, first_id, last_id, lines, leaves, at, hash)
      SELECT c, number, min(history_id), max(history_id), count(*)::int,
             string_agg(history_leaf(h), ''::bytea ORDER BY history_id), one.at, ''::bytea
        FROM history h WHERE chain = c AND link = number;
      UPDATE audit_link SET hash = audit_link_hash(chain, link, lines, leaves, at, before)
       WHERE chain = c AND link = number RETURNING hash INTO made;
      before := made;
    END LOOP;
    UPDATE audit_head SET link = number, hash = before WHERE chain = c;
    DROP TABLE old_link;
  END $$`;

const CHAIN = '(SELECT chain FROM audit_link ORDER BY random() LIMIT 1)';
const ROW = `(SELECT history_id FROM history WHERE chain = $1 ORDER BY random() LIMIT 1)`;

/** What somebody who may do anything in the database does to the chain $1. */
const KINDS: Readonly<Record<string, readonly string[]>> = {
  nothing: ['SELECT $1::smallint'],
  edit: [
    `UPDATE history SET to_state = to_state || '!' WHERE history_id = ${ROW}`,
    `UPDATE history SET actor = coalesce(actor, '') || 'somebody' WHERE history_id = ${ROW}`,
    `UPDATE history SET at = at - interval '1 second' WHERE history_id = ${ROW}`,
  ],
  delete: [
    `DELETE FROM history WHERE history_id = ${ROW}`,
    `DELETE FROM history WHERE (chain, link) = (SELECT chain, link FROM history WHERE history_id = ${ROW})`,
  ],
  insert: [
    `INSERT INTO history (disbursement_id, batch_id, event, from_state, to_state, attempt_no, cause, chain, link)
     SELECT gen_random_uuid(), batch_id, event, from_state, to_state, attempt_no, cause, chain, link
       FROM history WHERE history_id = ${ROW}`,
  ],
  reorder: [
    `WITH two AS (SELECT history_id, disbursement_id, lead(disbursement_id, 1, first) OVER (ORDER BY history_id) AS other
                    FROM (SELECT *, first_value(disbursement_id) OVER (ORDER BY history_id) AS first
                            FROM (SELECT * FROM history WHERE chain = $1 ORDER BY random() LIMIT 2) picked) paired)
     UPDATE history h SET disbursement_id = two.other FROM two WHERE two.history_id = h.history_id`,
  ],
  cut: [
    `WITH cut AS (DELETE FROM audit_link WHERE chain = $1 AND link >= (SELECT link FROM history WHERE history_id = ${ROW})
                  RETURNING chain, link)
     DELETE FROM history h USING cut WHERE h.chain = cut.chain AND h.link = cut.link`,
  ],
};

let rig: RecordRig;
let published: Head[];
beforeAll(async () => {
  rig = await RecordRig.start();
  await rig.rows(RECOMPUTE);
  await writeHistory(rig, 6, 4);
  const heads = await rig.rows<Head & { link: string }>(
    'SELECT chain, link, hash FROM audit_head WHERE link > 0',
  );
  published = heads.map((head) => ({ ...head, link: Number(head.link) }));
}, 60_000);
afterAll(() => rig.stop());

// eslint-disable-next-line @typescript-eslint/require-await -- nothing to wait for
async function* heads(): AsyncGenerator<Head[]> {
  yield published;
}

/** Tampers in a transaction that is rolled back, and says what is found, inside and by the published heads. */
async function tampered(kind: string, recomputed: boolean): Promise<{ chain: Finding[]; heads: Finding[] }> {
  const one = rig.dataSource.createQueryRunner();
  await one.startTransaction();
  try {
    await one.query('SET LOCAL session_replication_role = replica');
    const [{ chain }] = (await one.query(`SELECT ${CHAIN} AS chain`)) as [{ chain: number }];
    const ways = KINDS[kind]!;
    await one.query(ways[Math.floor(Math.random() * ways.length)]!, [chain]);
    if (recomputed) await one.query('SELECT recompute($1)', [chain]);
    const sql: Sql = one.manager;
    const { findings } = await verifyChainIn(sql);
    return { chain: findings, heads: (await checkHeads(sql, heads())).findings };
  } finally {
    await one.rollbackTransaction();
    await one.release();
  }
}

describe('tampering as a superuser of the database', () => {
  it('nothing is found while nothing was changed, also where a chain was recomputed over the same rows', async () => {
    expect((await verifyChain(rig.dataSource)).findings).toEqual([]);
    expect(await tampered('nothing', true)).toEqual({ chain: [], heads: [] });
    expect(await checkHeads(rig.dataSource, heads())).toEqual({ heads: 4, findings: [] });
  });

  it(`${TAMPERINGS} edits, deletions, insertions, reorderings and cuts are all found, one in ${RECOMPUTED} with every later hash made anew`, async () => {
    const kinds = Object.keys(KINDS).filter((kind) => kind !== 'nothing');
    const missed: string[] = [];
    let fitting = 0;
    for (let count = 0; count < TAMPERINGS; count += 1) {
      const kind = kinds[count % kinds.length]!;
      const recomputed = count % RECOMPUTED === 0;
      const found = await tampered(kind, recomputed);
      if (!recomputed && found.chain.length === 0) missed.push(kind);
      if (recomputed && found.chain.length > 0)
        missed.push(`${kind}: the recomputed chain does not fit in itself`);
      if (recomputed && found.heads.length === 0) missed.push(`${kind}, recomputed`);
      if (recomputed) fitting += 1;
    }
    expect(missed).toEqual([]);
    expect(fitting).toBeGreaterThanOrEqual(200);
  }, 300_000);
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RecordRig } from '../../../tools/testing/record-rig-spec.js';
import { verifyChain, type Verification } from './chain.verify.js';
import { historyEntry, writeHistory } from './history.rig-spec.js';
import { appendHistory } from './history.repository.js';

let rig: RecordRig;
beforeAll(async () => {
  rig = await RecordRig.start();
}, 60_000);
afterAll(() => rig.stop());

const verify = (): Promise<Verification> => verifyChain(rig.dataSource);

/** As a superuser who turns the triggers off. */
async function tamper(sql: string, parameters: string[] = []): Promise<void> {
  await rig.dataSource.transaction(async (one) => {
    await one.query('SET LOCAL session_replication_role = replica');
    await one.query(sql, parameters);
  });
}

describe('the audit chain', () => {
  beforeEach(() => rig.clear());

  it('fits what was written, by many writers at once, with any text', async () => {
    await writeHistory(rig, 20);
    expect(await verify()).toEqual({ rows: 400, links: 80, unchained: 0, findings: [] });
  });

  it('has no rows without a link, and no link that was rolled back', async () => {
    const undone = rig.dataSource.transaction(async (sql) => {
      await appendHistory(sql, [historyEntry()], 0);
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    await writeHistory(rig, 1);
    expect(await verify()).toMatchObject({ rows: 20, findings: [] });
  });

  it.each([
    `UPDATE history SET to_state = 'failed'`,
    'DELETE FROM history',
    'TRUNCATE history',
    `UPDATE audit_link SET lines = 0`,
    'DELETE FROM audit_link',
  ])('%s is refused by the database', async (sql) => {
    await writeHistory(rig, 1);
    await expect(rig.rows(sql)).rejects.toThrow('is append-only');
    expect(await verify()).toMatchObject({ rows: 20, findings: [] });
  });

  it('rows from before the chain are counted, and a row that is slipped in without a link is found', async () => {
    const insert = `INSERT INTO history (disbursement_id, batch_id, event, to_state, attempt_no, cause)
                    VALUES (gen_random_uuid(), gen_random_uuid(), 'success', 'succeeded', 1, 'success')`;
    await tamper(insert);
    await writeHistory(rig, 2);
    expect(await verify()).toMatchObject({ rows: 41, unchained: 1, findings: [] });
    await tamper(insert);
    expect((await verify()).findings).toMatchObject([{ kind: 'added' }]);
  });

  const anyRow = 'history_id = (SELECT history_id FROM history ORDER BY random() LIMIT 1)';
  const anyLink = '(chain, link) = (SELECT chain, link FROM audit_link ORDER BY random() LIMIT 1)';
  const edits = [
    ...[
      'event',
      'from_state',
      'to_state',
      'reason',
      'message',
      'cause',
      'scenario',
      'scenario_version',
      'actor',
    ].map((column) => `UPDATE history SET ${column} = coalesce(${column}, '') || 'x' WHERE ${anyRow}`),
    `UPDATE history SET attempt_no = attempt_no + 1 WHERE ${anyRow}`,
    `UPDATE history SET at = at + interval '1 microsecond' WHERE ${anyRow}`,
    `UPDATE history SET disbursement_id = gen_random_uuid() WHERE ${anyRow}`,
    `UPDATE history SET batch_id = gen_random_uuid() WHERE ${anyRow}`,
    `UPDATE history SET link = link + 1 WHERE ${anyRow}`,
    `UPDATE history SET chain = (chain + 1) % 3 WHERE ${anyRow}`,
    `DELETE FROM history WHERE ${anyRow}`,
    `INSERT INTO history (disbursement_id, batch_id, event, to_state, attempt_no, cause, chain, link)
       SELECT gen_random_uuid(), batch_id, event, to_state, attempt_no, cause, chain, link FROM history WHERE ${anyRow}`,
    `UPDATE history h SET message = coalesce(other.message, '') || 'x', actor = other.actor
       FROM (SELECT * FROM history ORDER BY random() LIMIT 1) other WHERE h.history_id = other.history_id`,
    `UPDATE audit_link SET lines = lines + 1 WHERE ${anyLink}`,
    `UPDATE audit_link SET leaves = sha256(leaves) WHERE ${anyLink}`,
    `UPDATE audit_link SET hash = sha256(hash) WHERE ${anyLink}`,
    `UPDATE audit_link SET at = at + interval '1 microsecond' WHERE ${anyLink}`,
    `DELETE FROM audit_link WHERE ${anyLink}`,
    `DELETE FROM audit_link WHERE (chain, link) IN (SELECT chain, max(link) FROM audit_link GROUP BY chain)`,
    `DELETE FROM audit_link`,
    `UPDATE audit_head SET hash = sha256(hash) WHERE chain = 1`,
    `UPDATE audit_head SET link = link - 1 WHERE chain = 1`,
    `DELETE FROM audit_head WHERE chain = 1`,
  ];

  it.each(edits)('%s, by a superuser, is found', async (sql) => {
    await writeHistory(rig, 4);
    expect((await verify()).findings).toEqual([]);
    await tamper(sql);
    expect((await verify()).findings).not.toEqual([]);
  });

  it('names the row that was altered, and the link from which one is gone', async () => {
    await writeHistory(rig, 4);
    const [row] = await rig.rows<{ history_id: string; chain: number; link: string }>(
      'SELECT history_id, chain, link FROM history ORDER BY random() LIMIT 1',
    );
    const { history_id, chain, link } = row!;
    await tamper(`UPDATE history SET actor = 'somebody' WHERE history_id = $1`, [history_id]);
    expect((await verify()).findings[0]).toEqual({
      kind: 'altered',
      chain,
      link: Number(link),
      historyId: history_id,
    });
    await tamper('DELETE FROM history WHERE history_id = $1', [history_id]);
    expect((await verify()).findings).toEqual([{ kind: 'missing', chain, link: Number(link) }]);
  });
});

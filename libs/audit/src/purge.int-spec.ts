import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RecordRig } from '../../../tools/testing/record-rig-spec.js';
import type { Finding, Head } from './chain.js';
import { exportChain } from './chain.export.js';
import { verifyChain } from './chain.verify.js';
import { appendHistory } from './history.repository.js';
import { historyEntry } from './history.rig-spec.js';
import { findPurgeable, purgeBatch, type PurgeOrder } from './purge.js';

const ORDER: PurgeOrder = {
  before: '2026-06-01',
  actor: 'amina',
  reason: 'kept for two years',
  unclosed: true,
};

let rig: RecordRig;
beforeAll(async () => {
  rig = await RecordRig.start();
}, 60_000);
beforeEach(() => rig.clear());
afterAll(() => rig.stop());

interface Made {
  batchId: string;
  id: string;
}

/** Batches of one line with two steps of history each; steps of several batches share a link, as those of one write do. */
async function history(batches: number, completed = '2026-03-01'): Promise<Made[]> {
  const made: Made[] = [];
  for (let nth = 0; nth < batches; nth += 1) {
    const { id, batchId } = await rig.disbursement({ state: 'succeeded' });
    await rig.attempt(id, 1, 'settled', { lane: 'a', sends: 1, outcome_seq: 1 });
    made.push({ id, batchId });
  }
  await rig.rows('UPDATE batch SET completed_at = $1', [completed]);
  for (const chain of [0, 3, 16]) {
    const steps = made.map(({ id, batchId }) => ({ ...historyEntry(), disbursementId: id, batchId }));
    await appendHistory(rig.dataSource, steps, chain);
  }
  return made;
}

async function purge(...ids: string[]): Promise<void> {
  for (const batch of await findPurgeable(rig.dataSource, ORDER))
    if (ids.includes(batch.batch_id)) expect(await purgeBatch(rig.dataSource, batch, ORDER)).toBe(true);
}

async function findings(): Promise<Finding[]> {
  return (await verifyChain(rig.dataSource)).findings;
}

// eslint-disable-next-line @typescript-eslint/require-await -- nothing was published
async function* none(): AsyncGenerator<Head[]> {
  yield* [];
}

/** What the verifier in Python says of an export of all of it. */
async function judged(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'gpo-purged-'));
  await exportChain(rig.dataSource, folder, none());
  try {
    return execFileSync('python3', ['tools/audit/verify_export.py', folder]).toString();
  } catch (error) {
    return String((error as { stdout: Buffer }).stdout);
  }
}

async function asSuperuser(...statements: string[]): Promise<void> {
  await rig.dataSource.transaction(async (sql) => {
    await sql.query('SET LOCAL session_replication_role = replica');
    for (const statement of statements) await sql.query(statement);
  });
}

describe('a purge', () => {
  it('removes everything of a batch but the batch itself, leaves the others, and the chain stays intact', async () => {
    const [gone, stays] = (await history(2)) as [Made, Made];
    await purge(gone.batchId);
    for (const table of ['disbursement', 'attempt'])
      expect(await rig.rows(`SELECT disbursement_id FROM ${table}`)).toEqual([{ disbursement_id: stays.id }]);
    expect(
      await rig.rows('SELECT disbursement_id, event, actor, message FROM history WHERE batch_id = $1', [
        gone.batchId,
      ]),
    ).toEqual([
      { disbursement_id: gone.batchId, event: 'purged', actor: 'amina', message: 'kept for two years' },
    ]);
    expect(await rig.rows('SELECT purged_lines FROM batch WHERE batch_id = $1', [gone.batchId])).toEqual([
      { purged_lines: 1 },
    ]);
    expect(await findings()).toEqual([]);
    expect(await judged()).toMatch(/^4 rows, 4 links.*: intact$/m);
    expect((await findPurgeable(rig.dataSource, ORDER)).map(({ batch_id: id }) => id)).toEqual([
      stays.batchId,
    ]);
    await purge(stays.batchId);
    expect(await findings()).toEqual([]);
    expect(await judged()).toMatch(/^2 rows, 5 links.*: intact$/m);
  });

  it('that was interrupted leaves the chain intact, and is gone on with by the next one', async () => {
    const [gone] = (await history(1)) as [Made];
    const [batch] = await findPurgeable(rig.dataSource, ORDER);
    await rig.rows(
      `CREATE FUNCTION stop_here() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'stop'; END $$`,
    );
    await rig.rows('CREATE TRIGGER stop BEFORE DELETE ON attempt EXECUTE FUNCTION stop_here()');
    try {
      await expect(purgeBatch(rig.dataSource, batch!, ORDER)).rejects.toThrow('stop');
    } finally {
      await rig.rows('DROP FUNCTION stop_here CASCADE');
    }
    expect(await findings()).toEqual([]);
    expect(await judged()).toMatch(/: intact$/m);
    await expect(rig.rows('UPDATE batch SET total_count = 2')).rejects.toThrow(
      `batch ${gone.batchId} was purged`,
    );
    expect(await findPurgeable(rig.dataSource, ORDER)).toMatchObject([{ begun: true }]);
    await purge(gone.batchId);
    expect(await rig.rows('SELECT FROM disbursement')).toEqual([]);
    expect(await findings()).toEqual([]);
    expect(await findPurgeable(rig.dataSource, ORDER)).toEqual([]);
  });

  it.each<[string, string]>([
    ['that completed later', `UPDATE batch SET completed_at = '2026-06-01'`],
    ['with a line that is open', `UPDATE batch_counter SET state = 'review'`],
    ['with an attempt of unknown end', `UPDATE attempt SET state = 'unknown'`],
    [
      'with an open break',
      `INSERT INTO reconciliation_break (break_id, lane, kind, disbursement_id, currency_code) SELECT disbursement_id, 'a', 'over', disbursement_id, 'KES' FROM disbursement`,
    ],
    [
      'with a callback to deliver',
      `INSERT INTO callback (callback_id, batch_id, version, url, items, sender_id, receiver) SELECT batch_id, batch_id, 1, 'x', 1, 'x', 'x' FROM batch`,
    ],
  ])('leaves a batch %s, also where that happened since it was found', async (_what, change) => {
    await history(1);
    const [batch] = await findPurgeable(rig.dataSource, ORDER);
    await rig.rows(change);
    expect(await findPurgeable(rig.dataSource, ORDER)).toEqual([]);
    expect(await purgeBatch(rig.dataSource, batch!, ORDER)).toBe(false);
    expect(await rig.rows('SELECT FROM disbursement')).toHaveLength(1);
  });

  it('without --unclosed takes only batches that were closed', async () => {
    const [batch] = (await history(1)) as [Made];
    const closed = { ...ORDER, unclosed: false };
    expect(await findPurgeable(rig.dataSource, closed)).toEqual([]);
    await rig.rows(
      `INSERT INTO close_out (batch_id, nth, event, actor, reason, document, signature) VALUES ($1, 1, 'closed', 'x', 'x', 'x', 'x')`,
      [batch.batchId],
    );
    expect(await findPurgeable(rig.dataSource, closed)).toHaveLength(1);
  });
});

describe('after a purge, somebody who may do anything in the database', () => {
  it.each<[string, string[], Finding['kind'], RegExp]>([
    [
      'deletes a further row',
      ['DELETE FROM history WHERE history_id = (SELECT max(history_id) FROM history WHERE chain = 0)'],
      'missing',
      /lacks a row that was not purged/,
    ],
    [
      'deletes a further row and tells it as purged',
      [
        'UPDATE purged_row SET positions = ARRAY[0, 1] WHERE chain = 0',
        'DELETE FROM history WHERE chain = 0',
      ],
      'purge-altered',
      /is not what its history says/,
    ],
    [
      'changes a row of the same link',
      [`UPDATE history SET actor = 'nobody' WHERE chain = 0`],
      'altered',
      /was not purged/,
    ],
    [
      'deletes what tells the purge',
      [`DELETE FROM history WHERE event = 'purged'`],
      'missing',
      /has 0 rows instead of 1/,
    ],
    [
      'deletes the places of what was purged',
      ['DELETE FROM purged_row WHERE chain = 3'],
      'missing',
      /has 1 rows instead of 2/,
    ],
  ])('%s: found', async (_what, statements, kind, sentence) => {
    const [gone] = (await history(2)) as [Made, Made];
    await purge(gone.batchId);
    await asSuperuser(...statements);
    expect((await findings()).map((finding) => finding.kind)).toContain(kind);
    expect(await judged()).toMatch(sentence);
  });

  it('the tables refuse whoever may not turn triggers off', async () => {
    const [gone] = (await history(1)) as [Made];
    await purge(gone.batchId);
    await expect(rig.rows('DELETE FROM history')).rejects.toThrow('history is append-only');
    await expect(rig.rows('DELETE FROM purged_row')).rejects.toThrow('purged_row is append-only');
    await expect(rig.rows(`UPDATE purged_row SET positions = '{}'`)).rejects.toThrow('append-only');
  });
});

import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { railId } from '@gpo/g2p-connect-schemas';
import type { Booking } from '@gpo/statements';
import { RecordRig, type Seeded } from '../../../tools/testing/record-rig-spec.js';
import { batchLines } from './batch-lines.js';
import { settleBreak } from './breaks.js';
import { readBreaks } from './break.reader.js';
import { closeBatch, readCloseOuts, reopenBatch, type Closed } from './close-out.js';
import { importStatements } from './import.js';

const LANE = 'core-banking';
const DAY = '2026-03-10';

let rig: RecordRig;
beforeAll(async () => {
  rig = await RecordRig.start();
}, 60_000);
beforeEach(() => rig.clear());
afterAll(() => rig.stop());

/** A batch of one line of 75.00 KES that was paid, as the record has it. */
async function paid(state = 'settled'): Promise<Seeded & { rail: string }> {
  const seeded = await rig.disbursement({ state: state === 'settled' ? 'succeeded' : 'returned' });
  const rail = railId(LANE, seeded.id, 1);
  const at = `${DAY}T10:00:00Z`;
  const times = { first_send_at: at, resolved_at: at };
  await rig.attempt(seeded.id, 1, state, { lane: LANE, rail_id: rail, sends: 1, outcome_seq: 1, ...times });
  await rig.rows('UPDATE batch SET completed_at = now()');
  return { ...seeded, rail };
}

async function told(rail: string, ...changes: Partial<Booking>[]): Promise<void> {
  const bookings = changes.map((change): Booking => ({
    ...{ direction: 'debit', booked: true, reversal: false, amount: '75.00', currency: 'KES', bookedOn: DAY },
    ...{ reference: randomUUID(), endToEndId: rail, ...change },
  }));
  const statement = { id: 'S', account: '600100', whole: false, bookings };
  const source = { lane: LANE, fileName: 'march.xml', bytes: Buffer.from(randomUUID()), actor: 'x' };
  await importStatements(rig.dataSource, { form: 'camt', statements: [statement] }, source);
}

function close(batchId: string, acceptUnmatched?: string): Promise<Closed | undefined> {
  const closing = { batchId, actor: 'the treasury', reason: 'March is done' };
  const sign = (document: string): Promise<string> => Promise.resolve(`signed ${document.length}`);
  return closeBatch(
    rig.dataSource,
    acceptUnmatched === undefined ? closing : { ...closing, acceptUnmatched },
    sign,
  );
}

async function events(batchId: string): Promise<string[]> {
  return (await readCloseOuts(rig.dataSource, batchId)).map(({ event, actor }) => `${event} by ${actor}`);
}

describe('closing a batch', () => {
  it('keeps totals, the hash of its lines, its statements and the heads of the audit chain, signed; again it changes nothing', async () => {
    const { batchId, ids, rail, id } = await paid();
    await told(rail, {});
    const closed = await close(batchId);
    expect(closed).toMatchObject({ done: true, event: { nth: 1, event: 'closed', reason: 'March is done' } });
    expect(await close(batchId)).toEqual(closed);
    const [event] = await readCloseOuts(rig.dataSource, batchId);
    const document = event!.document!;
    expect(event!.signature).toBe(`signed ${document.length}`);
    const lines = (await batchLines(rig.dataSource, batchId).next()).value as string[];
    expect(JSON.parse(lines[0]!)).toMatchObject({
      disbursement_id: id,
      state: 'succeeded',
      rail_id: rail,
      amount: '75.00',
    });
    expect(JSON.parse(document)).toMatchObject({
      ...{
        format: 1,
        batch_id: batchId,
        ...{ sender_id: ids.sender_id, transaction_id: ids.transaction_id },
      },
      ...{ closed_by: 'the treasury', lines: 1, unmatched: null, breaks: [], audit: [] },
      lines_sha256: createHash('sha256').update(`${lines[0]!}\n`).digest('hex'),
      totals: [{ state: 'succeeded', currency_code: 'KES', lines: '1', amount: '75.00' }],
      statements: [{ name: 'S', file_sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }],
    });
  });

  it.each<[string, (batch: Seeded & { rail: string }) => Promise<unknown>, object]>([
    ['a line is not final', () => rig.rows(`UPDATE batch_counter SET state = 'review'`), { openLines: 1 }],
    ['lines may still come', () => rig.rows('UPDATE batch SET completed_at = NULL'), { openLines: 1 }],
    [
      'the end of an attempt is not known',
      () => rig.rows(`UPDATE attempt SET state = 'unknown'`),
      { openAttempts: 1 },
    ],
    ['no statement told the payment', () => Promise.resolve(), { unmatched: 1 }],
    ['a break is open', ({ rail }) => told(rail, { amount: '74.00' }), { openBreaks: 1, unmatched: 0 }],
    [
      'a return has no credit',
      async () => rig.rows(`UPDATE attempt SET state = 'returned'`),
      { unmatched: 1 },
    ],
  ])('is refused while %s', async (_what, spoil, obstacles) => {
    const batch = await paid();
    await spoil(batch);
    expect(await close(batch.batchId)).toMatchObject({ done: false, obstacles });
    expect(await events(batch.batchId)).toEqual([]);
  });

  it('without statements needs a reason, which is signed with it; settled breaks are named in it', async () => {
    const { batchId, rail } = await paid();
    expect(await close(batchId, 'this rail has no statements')).toMatchObject({ done: true });
    await reopenBatch(rig.dataSource, { batchId, actor: 'the treasury', reason: 'they came' });
    await told(rail, { amount: '74.00' });
    const [found] = await readBreaks(rig.dataSource, { lane: LANE, limit: 9 });
    await settleBreak(rig.dataSource, found!.break_id, { actor: 'amina', reason: 'a fee' });
    expect(await close(batchId)).toMatchObject({ done: true });
    const documents = (await readCloseOuts(rig.dataSource, batchId)).flatMap(({ document }) =>
      document === null ? [] : [JSON.parse(document) as object],
    );
    expect(documents).toMatchObject([
      { unmatched: { payments: 1, accepted_because: 'this rail has no statements' }, breaks: [] },
      {
        unmatched: null,
        breaks: [{ kind: 'under', state: 'settled', settled_by: 'amina', reason: 'a fee' }],
      },
    ]);
  });

  it('a batch that there is not is none, and one that is not closed cannot be opened', async () => {
    const { batchId } = await paid();
    expect(await close(randomUUID())).toBeUndefined();
    const by = { actor: 'x', reason: 'y' };
    expect(await reopenBatch(rig.dataSource, { batchId, ...by })).toBeUndefined();
  });
});

describe('a closed batch is opened, with the reason, by whatever changes it', () => {
  it.each<[string, string, (batch: Seeded & { rail: string }) => Promise<unknown>]>([
    ['a payment that comes back', 'record', () => rig.rows(`UPDATE disbursement SET state = 'returned'`)],
    [
      'a line that is added',
      'record',
      () => rig.rows('UPDATE batch SET total_count = total_count + 1, completed_at = NULL'),
    ],
    ['a statement that tells a break', 'reconciliation', ({ rail }) => told(rail, { direction: 'credit' })],
  ])('%s', async (_what, actor, change) => {
    const batch = await paid();
    await told(batch.rail, {});
    await close(batch.batchId);
    await change(batch);
    expect(await events(batch.batchId)).toEqual(['closed by the treasury', `reopened by ${actor}`]);
    await change(batch);
    expect(await events(batch.batchId)).toHaveLength(2);
  });

  it('what changes nothing of it leaves it closed', async () => {
    const { batchId, rail } = await paid();
    await told(rail, {});
    await close(batchId);
    await rig.rows(`UPDATE disbursement SET updated_at = now()`);
    await told('', { reference: 'FEE', endToEndId: 'fee' });
    expect(await events(batchId)).toEqual(['closed by the treasury']);
  });

  it('a change that commits while the batch is being closed is either in the close-out or opens it', async () => {
    for (let round = 0; round < 20; round += 1) {
      await rig.clear();
      const { batchId } = await paid();
      const change = rig.dataSource.transaction(async (sql) => {
        await sql.query(`UPDATE disbursement SET state = 'returned'`);
        await sql.query(`UPDATE batch_counter SET state = 'returned'`);
      });
      await Promise.all([change, close(batchId, 'no statements')]);
      const all = await readCloseOuts(rig.dataSource, batchId);
      const { totals } = JSON.parse(all[0]!.document!) as { totals: { state: string }[] };
      const opened = all.length === 2;
      expect([totals[0]!.state, opened]).toEqual(opened ? ['succeeded', true] : ['returned', false]);
    }
  });

  it('cannot be changed or deleted afterwards', async () => {
    const { batchId } = await paid();
    await close(batchId, 'no statements');
    for (const statement of [
      `UPDATE close_out SET reason = 'x'`,
      'DELETE FROM close_out',
      'TRUNCATE close_out',
    ])
      await expect(rig.rows(statement)).rejects.toThrow('close_out is append-only');
  });
});

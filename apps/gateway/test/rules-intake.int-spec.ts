import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { OutcomeRig } from './outcome.rig-spec.js';

let rig: OutcomeRig;
beforeAll(async () => {
  rig = await OutcomeRig.start();
}, 60_000);
beforeEach(() => rig.record.clear());
afterAll(() => rig.stop());

describe('rule B at intake, and lines without a row', () => {
  it('rule B: a known reference with other money is refused, with the same or an absent payer it is the same', async () => {
    const transaction = randomUUID();
    const first = rig.line();
    await rig.intake(transaction, [first]);
    // The sender's default moved on since: an absent payer still is the row's.
    const other = 'account_no:2@TREASURY';
    rig.sender = {
      ...rig.sender,
      default_payer_fa: other,
      payer_accounts: [...rig.sender.payer_accounts, other],
    };
    const again = await rig.intake(transaction, [first, rig.line()]);
    expect([again.conflicting.length, again.added]).toEqual([0, 1]);
    for (const change of [{ amount: '11.00' }, { payee_fa: 'phone:1@mtn' }, { payer_fa: other }]) {
      const refused = await rig.intake(transaction, [{ ...first, ...change }]);
      expect([refused.conflicting.length, refused.added]).toEqual([1, 0]);
    }
  });

  it('rule B: an id that exists with another reference is refused, never merged', async () => {
    const transaction = randomUUID();
    const first = rig.line();
    await rig.intake(transaction, [first]);
    await rig.record.rows(`UPDATE disbursement SET reference_id = 'another'`);
    const { conflicting, added } = await rig.intake(transaction, [first, rig.line()]);
    expect([conflicting.length, added]).toEqual([1, 1]);
  });

  it('rule M: a refused line of a message that adds to a batch is kept and counted, a repeated one is not', async () => {
    const transaction = randomUUID();
    const [good, bad] = [rig.line(), { amount: '1' }];
    const { batchId: id } = await rig.intake(transaction, [good, bad]);
    await rig.intake(transaction, [good, bad, { amount: '2' }]);
    expect((await rig.batch(id)).total_count).toBe(3);
    const { counters, recount } = await rig.counted(id);
    expect(counters).toEqual(recount);
    const told = await rig.record.rows('SELECT line_no FROM callback_item ORDER BY line_no');
    expect(told).toEqual([{ line_no: 2 }, { line_no: 3 }]);
  });

  it('rule C: a bad direct line is stored with its violations, attempt 1 is void at once, and its reason is published', async () => {
    const transaction = randomUUID();
    await rig.intake(transaction, [rig.line({ amount: '-5' }), rig.line()], 'kafka');
    const [bad, good] = await rig.seeds(transaction);
    expect((await rig.record.attemptRow(bad!.id))!.state).toBe('void');
    expect(await rig.record.attemptRow(good!.id)).toBeUndefined();
    expect(await rig.record.rows('SELECT first_line FROM dispatch_range')).toEqual([{ first_line: 1 }]);
  });

  it('a direct line that is scheduled for later is dispatched at its time', async () => {
    const transaction = randomUUID();
    const later = new Date(Date.now() + 3_600_000).toISOString();
    await rig.intake(transaction, [rig.line(), rig.line({ scheduled_timestamp: later })], 'kafka');
    const ranges = await rig.record.rows<{ due_at: Date }>('SELECT due_at FROM dispatch_range');
    expect(ranges.map(({ due_at }) => due_at.toISOString())).toEqual([later]);
  });
});

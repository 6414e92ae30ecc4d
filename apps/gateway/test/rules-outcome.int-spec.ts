import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { TOPICS, UnreadableRecord, parseObject } from '@gpo/messaging';
import { readClaim } from '../src/outcome/claim.reader.js';
import type { Claim } from '../src/outcome/decision.js';
import { readBatches } from '../src/status/batch.repository.js';
import type { Seeded } from '../../../tools/testing/record-rig-spec.js';
import { OutcomeRig } from './outcome.rig-spec.js';

let rig: OutcomeRig;
beforeAll(async () => {
  rig = await OutcomeRig.start();
}, 60_000);
beforeEach(() => rig.record.clear());
afterAll(() => rig.stop());

async function standing(
  state: string,
  ...attempts: [state: string, more?: Record<string, unknown>][]
): Promise<Seeded> {
  const seeded = await rig.record.disbursement({ state, attemptNo: Math.max(1, attempts.length) });
  for (const [index, [attempt, more]] of attempts.entries())
    await rig.record.attempt(seeded.id, index + 1, attempt, { retryable: true, definite: true, ...more });
  return seeded;
}

const KINDS: Claim['kind'][] = ['success', 'failure', 'retry', 'review', 'malformed'];

describe('rule A: what a scenario sends is a recommendation', () => {
  it.each(KINDS.flatMap((kind) => ['queued', 'sending', 'accepted', 'unknown'].map((from) => [kind, from])))(
    'rule A: %s about an attempt that is %s changes nothing',
    async (kind, from) => {
      const seeded = await standing('received', [from]);
      const claim = rig.claim(seeded, kind as Claim['kind'], kind === 'retry' ? 2 : 1);
      await rig.apply(claim);
      expect(await rig.record.stateOf(seeded.id)).toMatchObject({ state: 'received', attempt_no: 1 });
    },
  );

  it.each(['success', 'failure', 'review'] as const)(
    'rule A: a settled attempt that a rule sends to g2p.%s is succeeded all the same',
    async (kind) => {
      const seeded = await standing('received', ['settled']);
      await rig.apply(rig.claim(seeded, kind));
      expect(await rig.record.stateOf(seeded.id)).toMatchObject({ state: 'succeeded', reason: null });
    },
  );

  it('a disbursement keeps lane and reference of the attempt that ended it, and of no other', async () => {
    const kept = async ({ id }: Seeded): Promise<unknown> =>
      (
        await rig.record.rows(
          'SELECT ended_lane AS lane, ended_rail_reference AS reference FROM disbursement WHERE disbursement_id = $1',
          [id],
        )
      )[0];
    const paid = await standing('received', ['settled', { rail_reference: 'R-1' }]);
    await rig.apply(rig.claim(paid, 'success'));
    expect(await kept(paid)).toEqual({ lane: 'a', reference: 'R-1' });
    // The rail returned it, under a reference of its own.
    await rig.record.rows(`UPDATE attempt SET state = 'returned', rail_reference = 'R-2'`);
    await rig.apply(rig.claim(paid, 'failure'));
    expect(await rig.record.stateOf(paid.id)).toMatchObject({ state: 'returned' });
    expect(await kept(paid)).toEqual({ lane: 'a', reference: 'R-2' });
    const again = await standing('received', ['rejected', { rail_reference: 'R-3' }]);
    await rig.apply(rig.claim(again, 'retry', 2, { lane: 'b' }));
    expect(await rig.record.stateOf(again.id)).toMatchObject({ state: 'retrying', attempt_no: 2 });
    expect(await kept(again)).toEqual({ lane: null, reference: null });
    // The first one settles after all: what the second one is, is not known by this claim.
    await rig.record.attempt(again.id, 2, 'void', { lane: 'b' });
    await rig.record.rows(
      `UPDATE attempt SET state = 'settled' WHERE disbursement_id = $1 AND attempt_no = 1`,
      [again.id],
    );
    await rig.apply(rig.claim(again, 'success', 1));
    expect(await rig.record.stateOf(again.id)).toMatchObject({ state: 'succeeded', attempt_no: 2 });
    expect(await kept(again)).toEqual({ lane: null, reference: null });
  });

  it('a line that was tried again is counted once, however often', async () => {
    const seeded = await standing('received', ['rejected']);
    await rig.apply(rig.claim(seeded, 'retry', 2));
    await rig.record.attempt(seeded.id, 2, 'rejected', { retryable: true, definite: true });
    await rig.apply(rig.claim(seeded, 'retry', 3));
    expect(await rig.record.stateOf(seeded.id)).toMatchObject({ state: 'retrying', attempt_no: 3 });
    const [found] = await readBatches(rig.record.dataSource, { batchId: seeded.batchId });
    expect(found!.batch).toMatchObject({
      retried: 1,
      states: { retrying: { count: 1 }, received: { count: 0 } },
    });
  });

  it('a return that moves no disbursement, because another attempt paid it, leaves no old reference behind', async () => {
    const seeded = await standing('received', ['rejected'], ['settled', { rail_reference: 'R-1' }]);
    await rig.apply(rig.claim(seeded, 'success', 2));
    await rig.record.rows(`UPDATE attempt SET state = 'settled' WHERE attempt_no = 1`);
    await rig.record.rows(
      `UPDATE attempt SET state = 'returned', rail_reference = 'R-2' WHERE attempt_no = 2`,
    );
    await rig.apply(rig.claim(seeded, 'failure', 2));
    expect(await rig.record.rows('SELECT state, ended_lane, ended_rail_reference FROM disbursement')).toEqual(
      [{ state: 'succeeded', ended_lane: null, ended_rail_reference: null }],
    );
  });

  it('rule A: a rule that sends a retry to another lane is followed only after a definite refusal', async () => {
    for (const [definite, lane] of [
      [true, 'b'],
      [false, 'a'],
    ] as const) {
      const seeded = await standing('received', ['rejected', { definite }]);
      await rig.apply(rig.claim(seeded, 'retry', 2, { lane: 'b' }));
      const stored = await rig.record.rows('SELECT lane FROM retry WHERE disbursement_id = $1', [seeded.id]);
      expect(stored).toEqual([{ lane }]);
    }
  });

  const record = (value: string): Parameters<typeof readClaim>[0] => {
    const place = { topic: TOPICS.retry.name, partition: 0, offset: '0', headers: {} };
    return { ...place, key: null, value: Buffer.from(value) };
  };
  const ids = '"sender_id":"s","transaction_id":"t","reference_id":"r"';

  it('rule A: a retry that is to wait for more than a year is a dead letter, not a disbursement that hangs', () => {
    expect(() => readClaim(record(`{${ids},"attempt":2,"not_before":1e300}`))).toThrow(UnreadableRecord);
    expect(readClaim(record(`{${ids},"attempt":2,"not_before":1}`))).toMatchObject({ notBefore: 1 });
  });

  it.each([
    '"a":"\\u0000"',
    '"\\u0000":1',
    '"a":["\\ud800"]',
    `"a":${'['.repeat(20000)}${']'.repeat(20000)}`,
  ])(
    'rule A: a record that PostgreSQL could not store is unreadable, instead of coming again for ever (%#)',
    (field) => {
      expect(() => parseObject(record(`{${field}}`))).toThrow(UnreadableRecord);
      expect(parseObject(record('{"a":"\\\\u0000 \\ud83d\\ude00"}'))).toEqual({ a: '\\u0000 😀' });
    },
  );
});

describe('rule B: malformed only by its own content', () => {
  it.each([
    ['payeeFa', 'phone:1@mtn'],
    ['payerFa', 'account_no:2@TREASURY'],
    ['amount', '-5'],
    ['currencyCode', 'USD'],
  ])('rule B: a refused record with another %s leaves the row payable', async (field, value) => {
    const seeded = await standing('received');
    const claim = rig.claim(seeded, 'malformed');
    const left = await rig.apply({ ...claim, content: { ...claim.content!, [field]: value } });
    expect(left.refused).toHaveLength(1);
    expect(await rig.record.attemptRow(seeded.id)).toBeUndefined();
    expect((await rig.record.stateOf(seeded.id)).state).toBe('received');
  });

  it('rule B: an absent payer is the row’s', async () => {
    const seeded = await standing('received');
    const claim = rig.claim(seeded, 'malformed');
    await rig.apply({ ...claim, content: { ...claim.content!, payerFa: '' } });
    expect((await rig.record.stateOf(seeded.id)).state).toBe('malformed');
  });
});

describe('rule C: malformed against a claim', () => {
  it('rule C: malformed voids attempt 1 and ends the disbursement; where a claim was first it does nothing', async () => {
    const [open, claimed] = [await standing('received'), await standing('received', ['queued'])];
    await rig.apply(rig.claim(open, 'malformed'), rig.claim(claimed, 'malformed'));
    expect((await rig.record.attemptRow(open.id))!.state).toBe('void');
    expect((await rig.record.stateOf(open.id)).state).toBe('malformed');
    expect((await rig.record.attemptRow(claimed.id))!.state).toBe('queued');
    expect((await rig.record.stateOf(claimed.id)).state).toBe('received');
  });
});

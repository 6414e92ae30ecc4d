import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { TOPICS } from '@gpo/messaging';
import { inTransaction } from '@gpo/persistence';
import { claimNext } from '../src/connect/claim.repository.js';
import { readClaimRequest } from '../src/connect/request.reader.js';
import { voidFirstAttempts } from '../../gateway/src/outcome/outcome.repository.js';
import type { Seeded } from '../../../tools/testing/record-rig-spec.js';
import { ConnectRig } from './connect.rig-spec.js';

let rig: ConnectRig;
beforeAll(async () => {
  rig = await ConnectRig.start();
}, 60_000);
beforeEach(() => rig.record.clear());
afterAll(() => rig.stop());

/** A disbursement whose first attempt is in `state` and whose second was decided. */
async function retried(
  state: string,
  more: Record<string, unknown> = {},
  wait = '-1 second',
): Promise<Seeded> {
  const seeded = await rig.record.disbursement({ state: 'retrying', attemptNo: 2 });
  await rig.record.attempt(seeded.id, 1, state, { retryable: true, definite: true, ...more });
  await rig.record.rows(
    `INSERT INTO retry (disbursement_id, attempt_no, lane, due_at, record)
     VALUES ($1, 2, 'a', now() + $2::interval, '{}')`,
    [seeded.id, wait],
  );
  return seeded;
}

describe('rule A: a scenario only recommends', () => {
  it('rule A: a second attempt that no decided retry stands behind is not made, whatever a scenario sends', async () => {
    const seeded = await rig.record.disbursement();
    await rig.record.attempt(seeded.id, 1, 'rejected', { retryable: true, definite: true });
    expect(await rig.claim(rig.request(seeded, { attemptNo: 2 }))).toEqual(['not_payable']);
    expect(await rig.record.attemptRow(seeded.id, 2)).toBeUndefined();
  });

  it('rule A: a scenario that sends one request to two lanes gets one attempt', async () => {
    const seeded = await rig.record.disbursement();
    const requests = [rig.request(seeded), rig.request(seeded, { lane: 'b' })];
    expect(await rig.claim(...requests)).toEqual(['claimed', 'exists']);
  });

  it.each([
    ['with stored violations', { violations: ['rjct.amount.invalid'] }, 'row_answers'],
    ['before its schedule', { dueInMs: 60_000 }, 'row_answers'],
    ['whose payee is not resolved yet', { unresolved: true }, 'row_answers'],
    ['on hold', { state: 'on_hold' }, 'not_payable'],
    ['cancelled', { state: 'cancelled' }, 'not_payable'],
    ['final', { state: 'failed' }, 'not_payable'],
  ])('rule A: a row %s is not claimed', async (_case, line, verdict) => {
    const seeded = await rig.record.disbursement(line);
    expect(await rig.claim(rig.request(seeded))).toEqual([verdict]);
    expect(await rig.record.attemptRow(seeded.id)).toBeUndefined();
  });
});

describe('rule B: the first writer fixes the content', () => {
  const other = { payerFa: 'account_no:2@TREASURY', payeeFa: 'phone:1@mpesa', amount: '75.01' };
  it.each([...Object.entries(other), ['currencyCode', 'USD']])(
    'rule B: a request with another %s than the row makes no attempt',
    async (field, value) => {
      const seeded = await rig.record.disbursement();
      const request = rig.request(seeded);
      const changed = { ...request, money: { ...request.money, [field]: value } };
      expect(await rig.claim(changed)).toEqual(['content_mismatch']);
      expect(await rig.record.attemptRow(seeded.id)).toBeUndefined();
    },
  );

  it('rule B: the amount counts in canonical form, and an absent payer is the row’s', async () => {
    const { ids, money, id } = await rig.record.disbursement();
    const { payee_fa, currency_code } = money;
    const value = { ...ids, payee_fa, currency_code, amount: '75', lane: 'a' };
    const record = { key: id, value: Buffer.from(JSON.stringify(value)), headers: {} };
    const place = { topic: TOPICS.filteredRequests.name, partition: 0, offset: '0' };
    const request = readClaimRequest({ ...record, ...place }, () => 'burnt');
    expect(await rig.claim(request)).toEqual(['claimed']);
  });

  it('rule B: a row with the same id and another reference is another disbursement', async () => {
    const seeded = await rig.record.disbursement();
    await rig.record.rows(`UPDATE disbursement SET reference_id = 'another'`);
    expect(await rig.claim(rig.request(seeded))).toEqual(['content_mismatch']);
  });
});

describe('rule C: attempt 1 is the arbiter', () => {
  it('rule C: claims from four processes at once make one attempt of each disbursement', async () => {
    const seeds = await Promise.all(Array.from({ length: 20 }, () => rig.record.disbursement()));
    const verdicts = await Promise.all(
      ['a', 'b', 'a', 'b'].map((lane) => rig.claim(...seeds.map((seeded) => rig.request(seeded, { lane })))),
    );
    expect(verdicts.flat().filter((verdict) => verdict === 'claimed')).toHaveLength(20);
    expect(verdicts.flat().filter((verdict) => verdict === 'exists')).toHaveLength(60);
  });

  it('rule C: where malformed was first, a claim does nothing; where a claim was first, malformed does nothing', async () => {
    const [refused, paid] = [await rig.record.disbursement(), await rig.record.disbursement()];
    await voidFirstAttempts(rig.record.dataSource, [refused.id]);
    expect(await rig.claim(rig.request(refused), rig.request(paid))).toEqual(['claimed', 'exists']);
    await voidFirstAttempts(rig.record.dataSource, [paid.id]);
    expect((await rig.record.attemptRow(refused.id))!.state).toBe('void');
    expect((await rig.record.attemptRow(paid.id))!.state).toBe('queued');
  });
});

describe('rule H: attempt n+1', () => {
  it.each([
    ['queued', {}],
    ['sending', {}],
    ['accepted', {}],
    ['unknown', {}],
    ['review', {}],
    ['settled', {}],
    ['returned', {}],
    ['void', {}],
    ['rejected', { retryable: false }],
  ])('rule H: is not made from a predecessor that is %s %j', async (state, more) => {
    const seeded = await retried(state, more);
    expect(await rig.claim(rig.request(seeded, { attemptNo: 2 }))).toEqual(['not_payable']);
    expect(await rig.record.attemptRow(seeded.id, 2)).toBeUndefined();
  });

  it('rule H: is made once from one that is rejected and retryable, not before its time', async () => {
    const [due, early] = [await retried('rejected'), await retried('rejected', {}, '1 hour')];
    const request = rig.request(due, { attemptNo: 2 });
    expect(await rig.claim(rig.request(early, { attemptNo: 2 }))).toEqual(['row_answers']);
    expect(await rig.claim(request, { ...request })).toEqual(['claimed', 'exists']);
    expect(await rig.claim({ ...request })).toEqual(['exists']);
  });

  it('rule H: has a new rail id where the rail remembers refused ones, the same where the id is free on the same lane', async () => {
    for (const [reuseRefusedId, lane, same] of [
      [false, 'a', false],
      [true, 'a', true],
      [true, 'b', false],
    ] as const) {
      const seeded = await retried('rejected');
      await rig.claim(rig.request(seeded, { attemptNo: 2, lane, reuseRefusedId }));
      const [first, second] = [
        await rig.record.attemptRow(seeded.id),
        await rig.record.attemptRow(seeded.id, 2),
      ];
      expect(second!.rail_id === first!.rail_id).toBe(same);
    }
  });

  it('rule H: changes the lane only after a definite refusal', async () => {
    const [sure, unsure] = [await retried('rejected'), await retried('rejected', { definite: false })];
    const [b, a] = [{ attemptNo: 2, lane: 'b' }, { attemptNo: 2 }];
    expect(await rig.claim(rig.request(sure, b))).toEqual(['claimed']);
    expect(await rig.claim(rig.request(unsure, b))).toEqual(['not_payable']);
    expect(await rig.claim(rig.request(unsure, a))).toEqual(['claimed']);
  });

  it('rule H: waits for a settlement in progress of its predecessor and then is not made', async () => {
    const seeded = await retried('rejected');
    const request = rig.request(seeded, { attemptNo: 2 });
    let claiming: Promise<unknown> | undefined;
    await inTransaction(rig.record.dataSource, async (sql) => {
      await sql.query(`UPDATE attempt SET state = 'settled' WHERE disbursement_id = $1`, [seeded.id]);
      claiming = rig.claim(request);
      await new Promise((resolve) => setTimeout(resolve, 150));
    });
    expect(await claiming).toEqual(['not_payable']);
  });

  it('rule H: holds its predecessor, so that a settlement at the same instant finds it in the queue and voids it', async () => {
    const seeded = await retried('rejected');
    const request = rig.request(seeded, { attemptNo: 2 });
    const { digest } = (await rig.record.rows<{ digest: Buffer }>('SELECT digest FROM disbursement'))[0]!;
    let settling: Promise<void> | undefined;
    await inTransaction(rig.record.dataSource, async (sql) => {
      await claimNext(sql, [{ request, digest }]);
      const fact = { disbursementId: seeded.id, attemptNo: 1, token: '0', kind: 'settled' } as const;
      settling = rig.writer.write(fact);
      await new Promise((resolve) => setTimeout(resolve, 150));
    });
    await settling;
    expect((await rig.record.attemptRow(seeded.id, 2))!.state).toBe('void');
  });

  it('rule N: a retry whose message got lost is claimed from the rows alone', async () => {
    const seeded = await retried('rejected');
    await rig.record.rows('DELETE FROM retry');
    expect(await rig.claim(rig.request(seeded, { attemptNo: 2 }))).toEqual(['claimed']);
  });
});

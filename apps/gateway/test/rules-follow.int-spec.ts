import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { inTransaction } from '@gpo/persistence';
import type { Claim } from '../src/outcome/decision.js';
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

describe('rule J: the disbursement follows its attempts', () => {
  const cases: [string, string, [string, Record<string, unknown>?][], Claim['kind'], number, string][] = [
    [
      'any settled is succeeded, though a later one was refused',
      'retrying',
      [['settled'], ['rejected']],
      'failure',
      2,
      'succeeded',
    ],
    [
      'any settled is succeeded, though an earlier one was returned',
      'returned',
      [['returned'], ['settled']],
      'success',
      2,
      'succeeded',
    ],
    [
      'none settled and any returned is returned',
      'retrying',
      [['returned'], ['queued']],
      'failure',
      1,
      'returned',
    ],
    [
      'a failed one whose attempt settled later is succeeded',
      'failed',
      [['settled']],
      'success',
      1,
      'succeeded',
    ],
    [
      'a succeeded one whose attempt was returned is returned',
      'succeeded',
      [['returned']],
      'failure',
      1,
      'returned',
    ],
    ['a refusal of the current attempt is failed', 'received', [['rejected']], 'failure', 1, 'failed'],
    [
      'a refusal of an earlier attempt is dropped',
      'retrying',
      [['rejected'], ['queued']],
      'failure',
      1,
      'retrying',
    ],
    [
      'a refusal of an attempt that does not exist is dropped',
      'received',
      [['rejected']],
      'failure',
      2,
      'received',
    ],
    ['a failure whose attempt is in review is dropped', 'review', [['review']], 'failure', 1, 'review'],
    ['a failure of a final one is dropped', 'malformed', [['rejected']], 'failure', 1, 'malformed'],
    ['a success whose attempt was refused is dropped', 'received', [['rejected']], 'success', 1, 'received'],
    [
      'a review of an earlier attempt is dropped',
      'retrying',
      [['rejected'], ['queued']],
      'review',
      1,
      'retrying',
    ],
    ['a review of the current attempt is review', 'received', [['review']], 'review', 1, 'review'],
    [
      'a retry from an attempt that is not retryable is dropped',
      'received',
      [['rejected', { retryable: false }]],
      'retry',
      2,
      'received',
    ],
    ['a retry that skips an attempt is dropped', 'received', [['rejected']], 'retry', 3, 'received'],
    ['a retry of a failed one is dropped', 'failed', [['rejected']], 'retry', 2, 'failed'],
  ];

  it.each(cases)('rule J: %s', async (_case, state, attempts, kind, attemptNo, expected) => {
    const seeded = await standing(state, ...attempts);
    await rig.apply(rig.claim(seeded, kind, attemptNo));
    expect((await rig.record.stateOf(seeded.id)).state).toBe(expected);
  });

  it('rule J: a retry raises attempt_no and stores its message in the same transaction, once', async () => {
    const seeded = await standing('received', ['rejected']);
    await rig.apply(
      rig.claim(seeded, 'retry', 2),
      rig.claim(seeded, 'retry', 2),
      rig.claim(seeded, 'failure'),
    );
    expect(await rig.record.stateOf(seeded.id)).toMatchObject({ state: 'retrying', attempt_no: 2 });
    const history = await rig.record.rows('SELECT event FROM history WHERE disbursement_id = $1', [
      seeded.id,
    ]);
    expect(history).toEqual([{ event: 'retry' }]);
    const written = await rig.record.rows<{ same: boolean }>(
      `SELECT r.xmin = d.xmin AS same FROM retry r JOIN disbursement d USING (disbursement_id)
        WHERE d.disbursement_id = $1`,
      [seeded.id],
    );
    expect(written).toEqual([{ same: true }]);
  });

  it('rule J: a decision and a settlement at the same instant end as the rows say, from two gateways', async () => {
    const seeds = await Promise.all(Array.from({ length: 20 }, () => standing('received', ['rejected'])));
    const failures = rig.apply(...seeds.map((seeded) => rig.claim(seeded, 'failure')));
    await rig.record.rows(`UPDATE attempt SET state = 'settled'`);
    await Promise.all([failures, rig.apply(...seeds.map((seeded) => rig.claim(seeded, 'success')))]);
    const states = await rig.record.rows('SELECT DISTINCT state FROM disbursement');
    expect(states).toEqual([{ state: 'succeeded' }]);
  });

  it('rule J: a decision that waited for a row which moved meanwhile is made again from what the rows say now', async () => {
    const seeded = await standing('received', ['rejected']);
    let failure: Promise<unknown> | undefined;
    await inTransaction(rig.record.dataSource, async (sql) => {
      await sql.query(`UPDATE attempt SET state = 'settled'`);
      await sql.query(`UPDATE disbursement SET state = 'succeeded'`);
      failure = rig.apply(rig.claim(seeded, 'failure'));
      await sleep(150);
    });
    await failure;
    expect((await rig.record.stateOf(seeded.id)).state).toBe('succeeded');
    expect(await rig.record.rows('SELECT FROM history')).toEqual([]);
  });

  it('rule J: returned and then settled by a later attempt raises an incident', async () => {
    const seeded = await standing('returned', ['returned'], ['settled']);
    await rig.apply(rig.claim(seeded, 'success', 2));
    expect(await rig.record.incidents(seeded.id)).toMatchObject([{ kind: 'settled_after_return' }]);
  });
});

describe('rule L: an operator decides a review, nobody else', () => {
  it.each(['failure', 'retry', 'success', 'malformed'] as const)(
    'rule L: %s does not end a review whose attempt is still in review',
    async (kind) => {
      const seeded = await standing('review', ['review']);
      await rig.apply(rig.claim(seeded, kind, kind === 'retry' ? 2 : 1));
      expect((await rig.record.stateOf(seeded.id)).state).toBe('review');
    },
  );

  it.each([
    ['rejected', 'failure', 'failed'],
    ['settled', 'success', 'succeeded'],
    ['returned', 'failure', 'returned'],
  ] as const)(
    'rule L: a decision written to the attempt (%s) comes through as %s: %s',
    async (to, kind, state) => {
      const seeded = await standing('review', ['review']);
      await rig.record.rows('UPDATE attempt SET state = $1, outcome_seq = 2', [to]);
      await rig.apply(rig.claim(seeded, kind));
      expect((await rig.record.stateOf(seeded.id)).state).toBe(state);
    },
  );
});

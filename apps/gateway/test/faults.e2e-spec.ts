import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PathRig, message, until } from '../../../tools/testing/path-rig-spec.js';
import { gpo } from './on-hold-rig-spec.js';

interface AttemptRow {
  attempt_no: number;
  state: string;
  sends: number;
  queries: number;
  reason: string | null;
}

describe('a rail that makes trouble (payee numbers of the simulator)', () => {
  let rig: PathRig;

  beforeAll(async () => {
    rig = await PathRig.start();
  }, 60_000);

  afterAll(() => rig.stop(), 30_000);

  async function pay(
    ending: string,
  ): Promise<{ state: string; attempts: AttemptRow[]; told: string[]; payments: number }> {
    const [transactionId, reference] = [randomUUID(), randomUUID()];
    const before = (await rig.journal()).payments;
    const line = {
      reference_id: reference,
      payee_fa: `account_no:77${ending}@BANK`,
      amount: '12.50',
      currency_code: 'KES',
    };
    await rig.post(message(transactionId, [line]));
    const batch = await rig.settled(transactionId);
    const { rows: attempts } = await rig.sql.query<AttemptRow>(
      `SELECT a.attempt_no, a.state, a.sends, a.queries, a.reason FROM attempt a JOIN disbursement d USING (disbursement_id)
        WHERE d.reference_id = $1 ORDER BY a.attempt_no`,
      [reference],
    );
    const [state] = Object.entries(batch.states).find(([, { count }]) => count === 1)!;
    const told = [...(rig.receiver.linesOf(transactionId).get(reference) ?? [])];
    return { state, attempts, told, payments: (await rig.journal()).payments - before };
  }

  it.each([
    ['pays, then times out', '9990002'],
    ['pays, then answers 500', '9990010'],
  ])(
    '%s: paid once and told succ, after a query and not after a second submit',
    async (_what, ending) => {
      const { state, attempts, told, payments } = await pay(ending);
      expect({ state, told, payments }).toEqual({ state: 'succeeded', told: ['succ'], payments: 1 });
      expect(attempts).toHaveLength(1);
      expect(attempts[0]!.sends).toBe(1);
      expect(attempts[0]!.queries).toBeGreaterThan(0);
    },
    60_000,
  );

  it('drops the connection before it has seen the request: sent again with the same id, paid once', async () => {
    const { state, attempts, payments } = await pay('9990011');
    expect({ state, payments, attempts: attempts.length, sends: attempts[0]!.sends }).toEqual({
      state: 'succeeded',
      payments: 1,
      attempts: 1,
      sends: 2,
    });
  }, 60_000);

  it.each([
    ['asks for a slower pace', '9990004'],
    ['is busy twice', '9990005'],
    ['is slow', '9990003'],
    ['calls back twice, before it answers', '9990012'],
  ])(
    '%s: paid once in one attempt',
    async (_what, ending) => {
      const { state, attempts, told, payments } = await pay(ending);
      expect({ state, told, payments, attempts: attempts.length }).toEqual({
        state: 'succeeded',
        told: ['succ'],
        payments: 1,
        attempts: 1,
      });
    },
    60_000,
  );

  it('fails after acceptance with an outage: a second attempt with a new rail id pays', async () => {
    const { state, attempts, payments } = await pay('9990014');
    expect({ state, payments }).toEqual({ state: 'succeeded', payments: 1 });
    expect(attempts.map((attempt) => attempt.state)).toEqual(['rejected', 'settled']);
  }, 60_000);

  it.each([
    ['does not know the account', '9990001'],
    ['accepts and then finds the account closed', '9990013'],
  ])(
    '%s: failed for good, told rjct, nothing paid',
    async (_what, ending) => {
      const { state, told, payments } = await pay(ending);
      expect({ state, told, payments }).toEqual({ state: 'failed', told: ['rjct'], payments: 0 });
    },
    60_000,
  );

  it('settles and later returns the money: told succ, and by a further callback rjct', async () => {
    const [transactionId, reference] = [randomUUID(), randomUUID()];
    const line = {
      reference_id: reference,
      payee_fa: 'account_no:779990006@BANK',
      amount: '12.50',
      currency_code: 'KES',
    };
    await rig.post(message(transactionId, [line]));
    await until(30_000, async () =>
      (await rig.client.batch(transactionId)).states.returned!.count === 1 ? true : undefined,
    );
    await rig.settled(transactionId);
    expect(rig.receiver.linesOf(transactionId).get(reference)).toEqual(['succ', 'rjct']);
  }, 60_000);

  it.each([
    ['phone:+25488', '@mpesa', 'mobile-money', 'by itself'],
    ['account_no:88', '@BANK', 'core-banking', 'when an operator has resumed it'],
  ])(
    'runs out of the payer’s funds (%s…%s): lane %s stops, nobody fails, and all are paid %s',
    async (scheme, provider, lane, how) => {
      const [transactionId, lines] = [
        randomUUID(),
        ['9990009', '1000001', '1000002'].map((ending) => ({
          reference_id: randomUUID(),
          payee_fa: `${scheme}${ending}${provider}`,
          amount: '12.50',
          currency_code: 'KES',
        })),
      ];
      await rig.post(message(transactionId, lines));
      await until(20_000, async () => {
        const { rows } = await rig.sql.query(`SELECT FROM lane WHERE lane = $1 AND state = 'stopped'`, [
          lane,
        ]);
        return rows.length > 0 ? true : undefined;
      });
      await fetch(`${rig.simulatorUrl}/simulator/faults/funds`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ provider: lane, ok: true }),
      });
      // A bank that takes files tells nobody that the account was filled.
      const words = ['--reason', 'the account is filled'];
      if (how !== 'by itself') expect((await gpo(rig, 'lane', 'resume', lane, ...words)).code).toBe(0);
      const batch = await rig.settled(transactionId, 60_000);
      expect(batch.states.succeeded!.count).toBe(3);
    },
    90_000,
  );
});

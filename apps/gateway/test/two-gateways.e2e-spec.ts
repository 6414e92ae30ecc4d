import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { disbursementId } from '@gpo/g2p-connect-schemas';
import { PathRig, goodLines, message, until, type TestLine } from '../../../tools/testing/path-rig-spec.js';

const ROUNDS = 100;

interface SyncLine {
  reference_id: string;
  status: string;
  status_reason_code?: string;
}

interface Ack {
  message: { ack_status: string; correlation_id: string; disbursements_status: SyncLine[] };
}

describe('two gateways on one database', () => {
  let rig: PathRig;
  let gateways: [string, string];

  beforeAll(async () => {
    rig = await PathRig.start();
    gateways = [rig.gatewayUrl, await rig.launchSecondGateway()];
  }, 120_000);

  afterAll(() => rig.stop(), 60_000);

  /** Each body to its own gateway, so close together that either may be first; the answers in the same order. */
  async function postAtOnce(round: number, path: string, ...bodies: unknown[]): Promise<Ack[]> {
    return Promise.all(
      bodies.map(async (body, index) => {
        // A millisecond of lead, for each of the two in turn: the two transactions meet at every stage.
        if (round % 3 === index) await sleep(1 + (round % 2));
        const answer = await rig.post(body, path, {}, gateways[index % 2]);
        const told: unknown = await answer.json();
        expect({ status: answer.status, told }).toEqual({ status: 200, told: expect.anything() });
        return told as Ack;
      }),
    );
  }

  /** What the books hold of these transactions, once nothing of them is open. */
  async function settledBooks(transactions: readonly string[]): Promise<Record<string, number>> {
    return until(120_000, async () => {
      const { rows } = await rig.sql.query<Record<string, number>>(
        `WITH b AS (SELECT * FROM batch WHERE transaction_id = ANY($1)),
              d AS (SELECT * FROM disbursement WHERE batch_id IN (SELECT batch_id FROM b))
         SELECT (SELECT count(*)::int FROM b) AS batches, (SELECT sum(total_count)::int FROM b) AS total,
                (SELECT count(*)::int FROM b WHERE completed_at IS NOT NULL) AS completed,
                (SELECT count(*)::int FROM d) AS lines,
                (SELECT count(*)::int FROM d WHERE state = 'succeeded') AS paid,
                (SELECT count(*)::int FROM d JOIN attempt USING (disbursement_id)) AS attempts,
                (SELECT count(*)::int FROM callback_item JOIN b USING (batch_id)
                  WHERE disbursement_id IS NOT NULL) AS told,
                (SELECT count(*)::int FROM callback JOIN b USING (batch_id) WHERE delivered_at IS NULL)
                  + (SELECT count(*)::int FROM callback_item JOIN b USING (batch_id)
                      WHERE callback_id IS NULL) AS untold`,
        [transactions],
      );
      const [row] = rows;
      return row!.completed === row!.batches && row!.paid === row!.lines && row!.untold === 0
        ? row
        : undefined;
    });
  }

  it('the same batch posted to both at once, 100 times: one batch, one correlation id, each line paid and told once', async () => {
    const paidBefore = (await rig.journal()).payments;
    const sent = new Map<string, TestLine[]>();
    for (let round = 0; round < ROUNDS; round += 1) {
      const transaction = randomUUID();
      const lines = goodLines(3);
      sent.set(transaction, lines);
      const body = message(transaction, lines);
      const [first, second] = await postAtOnce(round, '/disburse', body, body);
      expect([first!.message.ack_status, second!.message.ack_status]).toEqual(['ACK', 'ACK']);
      expect(first!.message.correlation_id).toBe(second!.message.correlation_id);
    }
    const count = ROUNDS * 3;
    expect(await settledBooks([...sent.keys()])).toEqual({
      ...{ batches: ROUNDS, completed: ROUNDS, total: count, lines: count, paid: count },
      ...{ attempts: count, told: count, untold: 0 },
    });
    const { payments, double_payments } = await rig.journal();
    expect({ payments: payments - paidBefore, double_payments }).toEqual({
      payments: count,
      double_payments: 0,
    });
    for (const [transaction, lines] of sent) {
      const told = rig.receiver.linesOf(transaction);
      expect(lines.map(({ reference_id }) => told.get(reference_id))).toEqual(lines.map(() => ['succ']));
    }
  }, 300_000);

  it('two contents for one reference at the same instant, 100 times: one is paid, the other is told duplicate, further lines of both are paid', async () => {
    const paidBefore = (await rig.journal()).payments;
    const transactions: string[] = [];
    const winners: { transaction: string; line: TestLine }[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const transaction = randomUUID();
      transactions.push(transaction);
      const [contested, own, other] = goodLines(3) as [TestLine, TestLine, TestLine];
      const contents = [contested, { ...contested, amount: '777.25' }] as const;
      // Every other round meets in a batch that exists already: both add lines to it at once.
      if (round % 2 === 1) await rig.post(message(transaction, goodLines(1)));
      const answers = await postAtOnce(
        round,
        '/disburse/sync/disburse',
        message(transaction, [contents[0], own]),
        message(transaction, [contents[1], other]),
      );
      const told = answers.map((answer) => answer.message.disbursements_status);
      const won = told.findIndex(([line]) => line!.status === 'rcvd');
      expect(told.map(([, line]) => line!.status)).toEqual(['rcvd', 'rcvd']);
      expect(told[1 - won]![0]).toMatchObject({
        status: 'rjct',
        status_reason_code: 'rjct.reference_id.duplicate',
      });
      winners.push({ transaction, line: contents[won]! });
    }
    const count = ROUNDS * 3 + ROUNDS / 2;
    expect(await settledBooks(transactions)).toEqual({
      ...{ batches: ROUNDS, completed: ROUNDS, total: count, lines: count, paid: count },
      ...{ attempts: count, told: count, untold: 0 },
    });
    const { payments, double_payments } = await rig.journal();
    expect({ payments: payments - paidBefore, double_payments }).toEqual({
      payments: count,
      double_payments: 0,
    });
    for (const { transaction, line } of winners) {
      const id = disbursementId('openg2p', transaction, line.reference_id);
      const url = `${rig.simulatorUrl}/simulator/journal?disbursement_id=${id}`;
      const paid = (await (await fetch(url)).json()) as { payments: { amount: string }[] };
      expect(paid.payments.map(({ amount }) => Number(amount))).toEqual([Number(line.amount)]);
    }
    // Both sides won at times, or the two never met.
    expect(new Set(winners.map(({ line }) => line.amount === '777.25')).size).toBe(2);
  }, 300_000);
});

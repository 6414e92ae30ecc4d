import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '../../../tools/testing/path-rig-spec.js';
import { ApiRig, disburse, line, type Json } from './api.rig-spec.js';

let rig: ApiRig;
beforeAll(async () => {
  rig = await ApiRig.start(2, { openg2p: { callback_url: 'http://127.0.0.1:9/nobody' } });
}, 60_000);
afterAll(() => rig.stop(), 30_000);

/** The batch, its counts and its lines, as rows. */
async function record(transaction: string): Promise<Json> {
  const [row] = await rig.record.rows<Json>(
    `SELECT b.total_count, b.completed_at,
            (SELECT jsonb_agg(jsonb_build_array(state, lines) ORDER BY state) FROM (
               SELECT state, sum(lines) AS lines FROM batch_counter c WHERE c.batch_id = b.batch_id
                GROUP BY state HAVING sum(lines) <> 0) s) AS counters,
            (SELECT jsonb_agg(jsonb_build_array(line_no, reference_id, amount, state) ORDER BY line_no)
               FROM disbursement d WHERE d.batch_id = b.batch_id) AS lines
       FROM batch b WHERE b.transaction_id = $1`,
    [transaction],
  );
  return row!;
}

describe('a transaction that is known already', () => {
  it('the same batch posted to two gateways at once, 100 times, is one batch with each line once and one correlation id', async () => {
    for (let time = 0; time < 100; time += 1) {
      const transaction = randomUUID();
      const message = disburse(transaction, [line(), line({ payer_fa: '' }), { amount: '1' }]);
      const answers = await Promise.all(
        [0, 1, 0, 1].map((gateway) => rig.strict('/disburse', message, gateway)),
      );
      const ids = answers.map(({ body }) => [body.message.ack_status, body.message.correlation_id]);
      expect(new Set(ids.map(String)).size).toBe(1);
      expect(ids[0]![0]).toBe('ACK');
      const { total_count, counters } = await record(transaction);
      expect([total_count, counters]).toEqual([
        3,
        [
          ['malformed', 1],
          ['received', 2],
        ],
      ]);
    }
    const [ranges] = await rig.record.rows<{ lines: string }>(
      'SELECT sum(last_line - first_line + 1) AS lines FROM dispatch_range',
    );
    expect(ranges!.lines).toBe('200');
  }, 120_000);

  it('a line that differs is told by a callback of its own, once; batch, status and counts stay as they are', async () => {
    const transaction = randomUUID();
    const [one, two, three] = [line(), line(), line()];
    await rig.strict('/disburse', disburse(transaction, [one, two]));
    const before = await record(transaction);
    const changed = disburse(transaction, [{ ...one, amount: '11.00' }, two]);
    for (let time = 0; time < 2; time += 1) {
      const { body } = await rig.strict('/disburse', changed, time);
      expect(body.message.ack_status).toBe('ACK');
    }
    await until(10_000, async () =>
      Promise.resolve(rig.receiver.linesOf(transaction).size > 0 ? true : undefined),
    );
    expect([...rig.receiver.linesOf(transaction)]).toEqual([[one.reference_id, ['rjct']]]);
    expect(rig.receiver.statusOf(transaction)).toBe('pdng');
    expect(await record(transaction)).toEqual(before);
    await rig.untilPublished();
    const kept = await rig.record.rows<Json>(
      `SELECT line_no, r.reference_id, errors, line->>'amount' AS amount
         FROM message_refusal r JOIN batch b USING (batch_id) WHERE b.transaction_id = $1`,
      [transaction],
    );
    const errors = ['rjct.reference_id.duplicate'];
    expect(kept).toEqual([{ line_no: 1, reference_id: one.reference_id, errors, amount: '11.00' }]);

    // A message with a new line and a changed one: the new line is added, the changed one refused.
    const mixed = await rig.strict(
      '/disburse',
      disburse(transaction, [three, { ...two, payee_fa: 'phone:1@mtn' }]),
    );
    expect(mixed.body.message.ack_status).toBe('ACK');
    expect((await record(transaction)).total_count).toBe(3);
  });

  it('over the synchronous path the answer tells it, and no callback does', async () => {
    const transaction = randomUUID();
    const sent = line();
    await rig.strict('/disburse', disburse(transaction, [sent]));
    const changed = disburse(transaction, [{ ...sent, currency_code: 'NGN' }]);
    const { body } = await rig.strict('/disburse/sync/disburse', changed);
    expect(body.header).toMatchObject({ status: 'rjct', status_reason_code: 'rjct.errors.too_many' });
    expect(body.message.disbursements_status).toMatchObject([
      { status: 'rjct', status_reason_code: 'rjct.reference_id.duplicate' },
    ]);
    const [row] = await rig.record.rows<{ callbacks: string }>(
      'SELECT count(*) AS callbacks FROM callback JOIN batch USING (batch_id) WHERE transaction_id = $1',
      [transaction],
    );
    expect(row!.callbacks).toBe('0');
  });

  it('many changed lines are told in chunks, each line once, and the last one says rjct', async () => {
    const transaction = randomUUID();
    const lines = Array.from({ length: 8 }, () => line());
    await rig.strict('/disburse', disburse(transaction, lines));
    const changed = lines.map((each) => ({ ...each, amount: '12.00' }));
    await rig.strict('/disburse', disburse(transaction, changed));
    await until(10_000, async () =>
      Promise.resolve(rig.receiver.statusOf(transaction) === 'rjct' ? true : undefined),
    );
    const told = rig.receiver.linesOf(transaction);
    expect(lines.map(({ reference_id }) => told.get(reference_id))).toEqual(lines.map(() => ['rjct']));
  });

  it('refused lines of a second message are kept, counted, told and published; the same message again adds none', async () => {
    const transaction = randomUUID();
    const first = line();
    await rig.strict('/disburse', disburse(transaction, [first]));
    const more = disburse(transaction, [first, { amount: '5' }, line()]);
    for (let time = 0; time < 2; time += 1) await rig.strict('/disburse', more, time);
    const { total_count, counters } = await record(transaction);
    expect([total_count, counters]).toEqual([
      3,
      [
        ['malformed', 1],
        ['received', 2],
      ],
    ]);
    await rig.untilPublished();
    await until(10_000, async () =>
      Promise.resolve(rig.receiver.linesOf(transaction).get('') !== undefined ? true : undefined),
    );
  });

  it('the digest is one over every spelling: case of the addresses, zeros of the amount, an empty payer', async () => {
    const transaction = randomUUID();
    const sent = line({ amount: '10.5' });
    await rig.strict('/disburse', disburse(transaction, [sent]));
    const same = [
      { ...sent, payer_fa: 'ACCOUNT_NO:1@treasury' },
      { ...sent, payee_fa: String(sent.payee_fa).toUpperCase() },
      { ...sent, amount: '10.50' },
      { ...sent, amount: '1.05e1' },
      { ...sent, payer_fa: '' },
    ];
    for (const spelling of same) {
      const { body } = await rig.strict('/disburse/sync/disburse', disburse(transaction, [spelling]));
      expect(body.message.disbursements_status).toMatchObject([{ status: 'rcvd' }]);
    }
    expect((await record(transaction)).total_count).toBe(1);
  });

  it('NACK where every line is refused and nobody is to be called', async () => {
    const [transaction, sent] = [randomUUID(), line()];
    await rig.openg2p('/disburse', disburse(transaction, [sent]));
    await rig.record.rows('UPDATE batch SET callback_url = NULL WHERE transaction_id = $1', [transaction]);
    rig.forgetCallbackUrl('openg2p');
    const { body } = await rig.openg2p('/disburse', disburse(transaction, [{ ...sent, amount: '99.00' }]));
    expect([body.message.ack_status, body.message.error!.code]).toEqual([
      'NACK',
      'rjct.reference_id.duplicate',
    ]);
  });
});

describe('D13: message_id', () => {
  it('is a key for strict senders: the same with other content is refused, the same again gets the same Ack', async () => {
    const header = { message_id: randomUUID() };
    const message = disburse(randomUUID(), [line()], header);
    const [first, again] = [
      await rig.strict('/disburse', message),
      await rig.strict('/disburse', message, 1),
    ];
    expect(again.body.message.correlation_id).toBe(first.body.message.correlation_id);
    const transaction = randomUUID();
    const other = await rig.strict('/disburse', disburse(transaction, [line()], header));
    expect([other.status, other.body.message.error!.code]).toEqual([400, 'rjct.message_id.duplicate']);
    expect(await rig.record.rows('SELECT 1 FROM batch WHERE transaction_id = $1', [transaction])).toEqual([]);
  });

  it('two messages with one id at the same instant on two gateways: one is stored, the other refused', async () => {
    for (let time = 0; time < 20; time += 1) {
      const header = { message_id: randomUUID() };
      const send = (gateway: number): Promise<{ status: number }> =>
        rig.strict('/disburse', disburse(randomUUID(), [line()], header), gateway);
      const statuses = (await Promise.all([send(0), send(1)])).map(({ status }) => status);
      expect(statuses.toSorted()).toEqual([200, 400]);
    }
  });

  it('means nothing for profile openg2p, whose clients send a constant', async () => {
    for (let time = 0; time < 2; time += 1) {
      const { body } = await rig.openg2p(
        '/disburse',
        disburse(randomUUID(), [line()], { message_id: '123' }),
      );
      expect(body.message.ack_status).toBe('ACK');
    }
  });
});

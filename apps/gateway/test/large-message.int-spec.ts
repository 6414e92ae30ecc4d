import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiRig, disburse, line, type Answer, type Json } from './api.rig-spec.js';

const LINES = 6000;

let rig: ApiRig;
beforeAll(async () => {
  rig = await ApiRig.start(2, {}, { LINES_MAX: '10000', BODY_BYTES_MAX: '20000000' });
  rig.forgetCallbackUrl('strict');
}, 60_000);
afterAll(() => rig.stop(), 30_000);

/** Good lines, a bad one, one without a reference and one that stands twice, far apart. */
function lines(): Json[] {
  const all: Json[] = Array.from({ length: LINES }, () => line());
  all[1500] = line({ amount: '-1' });
  all[2500] = { amount: '1' };
  all[5500] = { ...all[10] };
  return all;
}

const acked = ({ body }: Answer): unknown[] => [body.message.ack_status, body.message.correlation_id];

/** The batch, its counts, ranges and refused lines. */
async function record(transaction: string): Promise<Json | undefined> {
  const [row] = await rig.record.rows<Json>(
    `SELECT b.total_count, encode(b.content_digest, 'hex') AS digest,
            (SELECT jsonb_object_agg(state, lines) FROM (
               SELECT state, sum(lines) AS lines FROM batch_counter c WHERE c.batch_id = b.batch_id
                GROUP BY state HAVING sum(lines) <> 0) s) AS counters,
            (SELECT count(*) FROM disbursement d WHERE d.batch_id = b.batch_id)::int AS rows,
            (SELECT jsonb_agg(line_no ORDER BY line_no) FROM refused_line r WHERE r.batch_id = b.batch_id) AS refused,
            (SELECT jsonb_agg(jsonb_build_array(first_line, last_line) ORDER BY first_line)
               FROM dispatch_range r WHERE r.batch_id = b.batch_id) AS ranges
       FROM batch b WHERE b.transaction_id = $1`,
    [transaction],
  );
  return row;
}

const RANGES = [
  [1, 999],
  [1000, 1999],
  [2000, 2999],
  [3000, 3999],
  [4000, 4999],
  [5000, 5999],
  [6000, 6000],
];

describe('a message of many lines, stored while it is read', () => {
  it('every line is stored once, bad ones told, the lines in ranges of a thousand; again, also at once, it is the same batch', async () => {
    const transaction = randomUUID();
    const message = disburse(transaction, lines());
    const answers = await Promise.all([0, 1].map((gateway) => rig.strict('/disburse', message, gateway)));
    answers.push(await rig.strict('/disburse', message));
    expect(new Set(answers.map((answer) => acked(answer).join())).size).toBe(1);
    expect(acked(answers[0]!)[0]).toBe('ACK');
    expect(await record(transaction)).toMatchObject({
      total_count: LINES,
      rows: LINES - 2,
      counters: { received: LINES - 2, malformed: 2 },
      refused: [2501, 5501],
      ranges: RANGES,
    });
  }, 60_000);

  it('its digest is that of the synchronous path, so that either knows the message of the other', async () => {
    const transaction = randomUUID();
    const all = lines();
    const first = await rig.openg2p('/disburse', disburse(transaction, all));
    const before = await record(transaction);
    const second = await rig.openg2p('/disburse/sync/disburse', disburse(transaction, all));
    expect(second.body.message.correlation_id).toBe(acked(first)[1]);
    expect(await record(transaction)).toEqual(before);
  }, 60_000);

  it('a line in the middle that is no JSON refuses the message whole: nothing of it is stored, and the next one is taken', async () => {
    const transaction = randomUUID();
    const message = disburse(transaction, lines());
    const marked = JSON.stringify(message).replace(/"amount":"10\.00"/g, (text, at: number) =>
      at > 1_000_000 ? '"amount":10.' : text,
    );
    for (let time = 0; time < 10; time += 1)
      expect((await rig.openg2p('/disburse', marked)).status).toBe(400);
    expect(await record(transaction)).toBeUndefined();
    expect(acked(await rig.openg2p('/disburse', message))[0]).toBe('ACK');
    expect(await record(transaction)).toMatchObject({ total_count: LINES, rows: LINES - 2 });
  }, 60_000);

  it('thousands of lines that can have no row are numbered, counted and told like the others', async () => {
    const transaction = randomUUID();
    const all = Array.from({ length: LINES }, (_, index) =>
      line(index % 2 === 0 ? {} : { reference_id: '' }),
    );
    const half = LINES / 2;
    expect(acked(await rig.openg2p('/disburse', disburse(transaction, all)))[0]).toBe('ACK');
    const stored = (await record(transaction)) as { refused: number[] };
    expect(stored).toMatchObject({ total_count: LINES, counters: { received: half, malformed: half } });
    expect(stored.refused).toEqual(Array.from({ length: half }, (_, index) => 2 * index + 2));
  }, 60_000);

  it('in a known transaction new lines are added, and a line that differs is a conflict', async () => {
    const transaction = randomUUID();
    const all = lines();
    await rig.openg2p('/disburse', disburse(transaction, all.slice(0, 100)));
    const changed = all.map((one, index) => (index === 50 ? { ...one, amount: '77.00' } : one));
    expect(acked(await rig.openg2p('/disburse', disburse(transaction, changed)))[0]).toBe('ACK');
    expect(await record(transaction)).toMatchObject({ total_count: LINES, rows: LINES - 2 });
    const conflicts = await rig.record.rows(
      `SELECT 1 FROM message_refusal m JOIN batch b USING (batch_id) WHERE b.transaction_id = $1`,
      [transaction],
    );
    expect(conflicts.length).toBe(1);
  }, 60_000);

  it.each([
    ['a last line that is no JSON', '{"amount":}]}}'],
    ['a last line with a key twice', '{"amount":"1","amount":"2"}]}}'],
    ['nothing after its last line', '{}'],
  ])('%s refuses it whole, and nothing is stored', async (_what, end) => {
    const transaction = randomUUID();
    const text = JSON.stringify(disburse(transaction, lines()));
    const answer = await rig.strict('/disburse', text.slice(0, text.lastIndexOf('{')) + end);
    expect([answer.status, answer.body.message.error?.code]).toEqual([400, 'err.request.bad']);
    expect(await record(transaction)).toBeUndefined();
    const again = await rig.strict('/disburse', text);
    expect(acked(again)[0]).toBe('ACK');
  });

  it('a message_id that was used for another message refuses it whole', async () => {
    const [used, transaction] = [randomUUID(), randomUUID()];
    await rig.strict('/disburse', disburse(randomUUID(), [line()], { message_id: used }));
    const answer = await rig.strict('/disburse', disburse(transaction, lines(), { message_id: used }));
    expect(answer.body.message.error?.code).toBe('rjct.message_id.duplicate');
    expect(await record(transaction)).toBeUndefined();
  });
});

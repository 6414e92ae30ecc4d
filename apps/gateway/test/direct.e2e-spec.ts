import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { disbursementId } from '@gpo/g2p-connect-schemas';
import { TOPICS } from '@gpo/messaging';
import { TopicReader, letterAbout, lettersAbout, produce } from '../../../tools/testing/kafka-rig-spec.js';
import { PathRig, message, until } from '../../../tools/testing/path-rig-spec.js';

const SENDER = 'ministry';
const REST = { Authorization: '', 'X-API-Key': 'ministry-dev-key' };

interface Line extends Record<string, unknown> {
  reference_id: string;
}

function line(change: Record<string, unknown> = {}): Line {
  return {
    reference_id: randomUUID(),
    payee_fa: 'phone:+254711223344@mpesa',
    amount: '75.00',
    currency_code: 'KES',
    ...change,
  };
}

describe('requests that a G2P system writes to Kafka itself', () => {
  let rig: PathRig;
  let reader: TopicReader;

  beforeAll(async () => {
    rig = await PathRig.start();
    reader = await TopicReader.open(rig, 'reader', [TOPICS.malformedInput.name]);
  }, 60_000);

  afterAll(async () => {
    await reader.close();
    await rig.stop();
  }, 30_000);

  function write(
    transactionId: string,
    lines: readonly Line[],
    headers: Record<string, string> = {},
  ): Promise<void> {
    const records = lines.map((one) => ({
      key: one.reference_id,
      value: JSON.stringify({ sender_id: SENDER, transaction_id: transactionId, ...one }),
      headers,
    }));
    return produce(rig, TOPICS.request.name, records);
  }

  /** A strict sender's message over REST. */
  async function post(transactionId: string, lines: readonly unknown[]): Promise<void> {
    const body = message(transactionId, lines);
    const header = {
      message_id: randomUUID(),
      message_ts: new Date().toISOString(),
      action: 'disburse',
      sender_id: SENDER,
      total_count: lines.length,
    };
    const answer = await rig.post({ ...body, header }, '/disburse', REST);
    expect(answer.status).toBe(200);
  }

  /** Waits until the batch is complete with so many lines, and everything was told. */
  function completed(transactionId: string, lines: number): ReturnType<PathRig['settled']> {
    return until(30_000, async () => {
      const batch = await rig.settled(transactionId, 5000);
      return batch.completed_at !== null && batch.total_count === lines ? batch : undefined;
    });
  }

  it('are counted, told by callback, complete their batch after a quiet time, and open it again', async () => {
    const transactionId = randomUUID();
    const lines = [line(), line({ amount: '80.5' }), line({ payee_fa: 'account_no:100200@BANKRWRW' })];
    await write(transactionId, lines);
    const batch = await completed(transactionId, 3);
    expect(batch.states.succeeded).toMatchObject({
      count: 3,
      amounts: [{ currency_code: 'KES', amount: '230.50' }],
    });
    const { rows } = await rig.sql.query<{ callback_url: string }>(
      'SELECT callback_url FROM batch WHERE transaction_id = $1',
      [transactionId],
    );
    expect(rows[0]!.callback_url).toMatch(/\/ministry\/on-disburse$/);
    for (const { reference_id } of lines)
      expect(rig.receiver.linesOf(transactionId).get(reference_id)).toEqual(['succ']);
    expect(rig.receiver.statusOf(transactionId)).toBe('succ');

    const late = line();
    await write(transactionId, [late]);
    const again = await completed(transactionId, 4);
    expect(again.states.succeeded!.count).toBe(4);
    expect(rig.receiver.linesOf(transactionId).get(late.reference_id)).toEqual(['succ']);
    expect(await lettersAbout(rig, transactionId)).toEqual([]);
  }, 90_000);

  it('written twice, and sent over REST as well, are paid once', async () => {
    const [transactionId, one] = [randomUUID(), line()];
    const { payments } = await rig.journal();
    await write(transactionId, [one, one]);
    await write(transactionId, [one]);
    await post(transactionId, [one]);
    const batch = await completed(transactionId, 1);
    expect(batch.states.succeeded!.count).toBe(1);
    expect((await rig.journal()).payments).toBe(payments + 1);
  }, 60_000);

  it('share a batch with lines that came over REST, refused ones included, whichever came first', async () => {
    const transactionId = randomUUID();
    const [rest, direct, later] = [line(), line(), line()];
    await post(transactionId, [rest]);
    await write(transactionId, [direct, { ...line(), reference_id: '' }]);
    await completed(transactionId, 3);
    await post(transactionId, [rest, direct, later, { amount: '1.00' }]);
    await post(transactionId, [rest, later, { amount: '1.00' }]);
    const batch = await completed(transactionId, 5);
    expect(batch.states.succeeded!.count).toBe(3);
    expect(batch.states.malformed!.count).toBe(2);
    expect(rig.receiver.linesOf(transactionId).get(later.reference_id)).toEqual(['succ']);
  }, 90_000);

  it('that are bad end malformed with their violations, on the topic and by callback, and are no dead letters', async () => {
    const transactionId = randomUUID();
    const bad = line({ amount: '1.005' });
    const foreign = line({ payer_fa: 'account_no:999@OTHERS' });
    const number = line({ amount: 5 });
    await write(transactionId, [bad, foreign, number]);
    const batch = await completed(transactionId, 3);
    expect(batch.states.malformed!.count).toBe(3);
    const { rows } = await rig.sql.query<{ violations: string[]; state: string; attempts: string }>(
      `SELECT d.violations, a.state, (SELECT count(*) FROM attempt x WHERE x.disbursement_id = d.disbursement_id) AS attempts
         FROM disbursement d JOIN attempt a USING (disbursement_id) WHERE d.batch_id = $1 ORDER BY d.line_no`,
      [batch.batch_id],
    );
    expect(
      rows
        .map(({ violations }) => violations)
        .flat()
        .toSorted(),
    ).toEqual(['rjct.amount.invalid', 'rjct.amount.invalid', 'rjct.payer_fa.invalid']);
    expect(rows.map(({ state, attempts }) => [state, attempts])).toEqual(Array(3).fill(['void', '1']));
    for (const { reference_id } of [bad, foreign, number]) {
      await reader.find(TOPICS.malformedInput.name, reference_id);
      expect(rig.receiver.linesOf(transactionId).get(reference_id)).toEqual(['rjct']);
    }
    // The scenario's own word about the bare number: its bytes are kept, the line was answered from the row.
    expect((await lettersAbout(rig, transactionId)).filter((reason) => reason !== 'rule.failed')).toEqual([]);
  }, 60_000);

  it('with null where a field is absent are paid from the row at once', async () => {
    const transactionId = randomUUID();
    await write(transactionId, [line({ note: null, payer_fa: null })]);
    expect((await completed(transactionId, 1)).states.succeeded!.count).toBe(1);
  }, 60_000);

  it('with a schedule are not paid before it, and soon after it', async () => {
    const transactionId = randomUUID();
    // Longer than a record may be parked, so that nothing but the row can bring it back.
    const due = new Date(Date.now() + 6000);
    const scheduled = line({ scheduled_timestamp: due.toISOString() });
    await write(transactionId, [scheduled]);
    await sleep(due.getTime() - Date.now() - 500);
    expect((await rig.client.batch(transactionId)).states.received!.count).toBe(1);
    const batch = await rig.settled(transactionId, 4000);
    const { rows } = await rig.sql.query<{ first_send_at: Date }>(
      'SELECT first_send_at FROM attempt JOIN disbursement USING (disbursement_id) WHERE batch_id = $1',
      [batch.batch_id],
    );
    expect(rows).toHaveLength(1);
    expect(rows[0]!.first_send_at.getTime()).toBeGreaterThanOrEqual(due.getTime());
    expect(await lettersAbout(rig, transactionId)).toEqual([]);
  }, 60_000);

  it('with other content under a known reference become dead letters and touch nothing, also where a rule refuses them', async () => {
    const transactionId = randomUUID();
    const future = new Date(Date.now() + 3_600_000).toISOString();
    const open = line({ scheduled_timestamp: future });
    await post(transactionId, [open]);
    await write(transactionId, [{ ...open, amount: '76.00' }]);
    await letterAbout(rig, open.reference_id, 'rjct.reference_id.duplicate');
    // Refused by the scenario, which knows no rows: g2p.malformed-input must not void the stored disbursement.
    await write(transactionId, [{ ...open, amount: '-5' }]);
    await reader.find(TOPICS.malformedInput.name, open.reference_id);
    await until(20_000, async () =>
      (await lettersAbout(rig, '"amount":"-5"')).includes('record.content_mismatch') ? true : undefined,
    );
    const batch = await rig.client.batch(transactionId);
    expect(batch.states.received!.count).toBe(1);
    expect(batch.total_count).toBe(1);
    const { rows } = await rig.sql.query(`SELECT FROM attempt WHERE disbursement_id = $1`, [
      disbursementId(SENDER, transactionId, open.reference_id),
    ]);
    expect(rows).toEqual([]);
  }, 60_000);
});

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { disbursementId } from '@gpo/g2p-connect-schemas';
import { TOPICS } from '@gpo/messaging';
import { TopicReader, letterAbout, produce } from '../../../tools/testing/kafka-rig-spec.js';
import { PathRig, until } from '../../../tools/testing/path-rig-spec.js';

const SENDER = 'ministry';

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

describe('requests on Kafka that try to hide, or that intake cannot register', () => {
  let rig: PathRig;
  let reader: TopicReader;

  beforeAll(async () => {
    rig = await PathRig.start();
    reader = await TopicReader.open(rig, 'reader', [TOPICS.request.name]);
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

  /** Waits until the batch is complete with so many lines, and everything was told. */
  function completed(transactionId: string, lines: number): ReturnType<PathRig['settled']> {
    return until(30_000, async () => {
      const batch = await rig.settled(transactionId, 5000);
      return batch.completed_at !== null && batch.total_count === lines ? batch : undefined;
    });
  }

  it('cannot hide from intake behind the header of stored requests', async () => {
    const transactionId = randomUUID();
    const [first, copied] = [line(), line()];
    await write(transactionId, [first], { 'gpo-stored': '1' });
    const scheduledSoon = line({ scheduled_timestamp: new Date(Date.now() + 1500).toISOString() });
    await write(transactionId, [scheduledSoon]);
    const stored = await until(20_000, () =>
      Promise.resolve(reader.records.find(({ headers }) => headers['gpo-stored']?.length === 36)),
    );
    await write(transactionId, [copied], stored.headers);
    expect((await completed(transactionId, 3)).states.succeeded!.count).toBe(3);
  }, 60_000);

  it('that do hide, with copied header and own ids, end as a dead letter and an alarm', async () => {
    const [transactionId, hidden] = [randomUUID(), line()];
    const { rows } = await rig.sql.query<{ installation_id: string }>(
      'SELECT installation_id FROM installation',
    );
    const id = disbursementId(SENDER, transactionId, hidden.reference_id);
    const value = { sender_id: SENDER, transaction_id: transactionId, ...hidden, disbursement_id: id };
    await produce(rig, TOPICS.request.name, [
      { key: id, value: JSON.stringify(value), headers: { 'gpo-stored': rows[0]!.installation_id } },
    ]);
    await letterAbout(rig, hidden.reference_id, 'record.unknown_disbursement');
    const metrics = await (await fetch(`${rig.gatewayUrl}/metrics`)).text();
    expect(metrics).toMatch(/gpo_alarm_total\{kind="dead_letter"\} [1-9]/);
    expect(metrics).toMatch(/gpo_dead_letters_open\{reason="record.unknown_disbursement"\} [1-9]/);
  }, 60_000);

  it('of a sender without the right, or with text that cannot be stored, become dead letters and stop no partition', async () => {
    const [transactionId, denied] = [randomUUID(), line()];
    const request = { sender_id: SENDER, transaction_id: transactionId };
    const records = [
      { key: 'a', value: { ...request, ...denied, sender_id: 'openg2p' } },
      { key: 'b', value: { ...request, ...line({ note: `nul-${transactionId}\u0000` }) } },
      { key: 'c', value: { ...request, ...line({ payee_name: `half-${transactionId}\ud800` }) } },
      { key: 'd\u0000', value: { ...request, ...line({ note: `key-${transactionId}` }) } },
      {
        key: 'e',
        value: { ...request, ...line(), transaction_id: `long-${transactionId}`.padEnd(100, '-') },
      },
    ];
    await produce(
      rig,
      TOPICS.request.name,
      records.map(({ key, value }) => ({ key, value: JSON.stringify(value) })),
    );
    await letterAbout(rig, denied.reference_id, 'record.not_allowed');
    for (const mark of ['nul', 'half', 'key', 'long'])
      await letterAbout(rig, `${mark}-${transactionId}`, 'record.unreadable');
    const lines = Array.from({ length: 60 }, () => line());
    await write(transactionId, lines);
    expect((await completed(transactionId, 60)).states.succeeded!.count).toBe(60);
  }, 60_000);
});

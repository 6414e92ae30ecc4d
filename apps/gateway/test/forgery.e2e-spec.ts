import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { disbursementId, batchId } from '@gpo/g2p-connect-schemas';
import { TOPICS, physicalName } from '@gpo/messaging';
import { PathRig, goodLines, message, until } from '../../../tools/testing/path-rig-spec.js';
import { recordsIn } from '../../../tools/testing/records-in-spec.js';

const SENDER = 'strict';
const PAYER = 'account_no:1@TREASURY';

/** Everything that must not change, in one text. Times of looks and leases are no state. */
async function stateOf(rig: PathRig): Promise<string> {
  const { rows } = await rig.sql.query<{ state: string }>(
    `SELECT jsonb_build_object(
       'disbursements', (SELECT jsonb_agg(to_jsonb(d) ORDER BY d.disbursement_id) FROM disbursement d),
       'attempts', (SELECT jsonb_agg(to_jsonb(a) - '{next_at,updated_at,lease_token,queries}'::text[]
                           ORDER BY a.disbursement_id, a.attempt_no) FROM attempt a),
       'history', (SELECT count(*) FROM history), 'batches', (SELECT jsonb_agg(to_jsonb(b) ORDER BY b.batch_id) FROM batch b),
       'counters', (SELECT jsonb_agg(to_jsonb(c) ORDER BY c.batch_id, c.shard, c.state, c.currency_code) FROM batch_counter c),
       'callbacks', (SELECT count(*) FROM callback), 'retries', (SELECT jsonb_agg(to_jsonb(r)) FROM retry r))::text AS state`,
  );
  return rows[0]!.state;
}

const deadLetters = (rig: PathRig): Promise<number> => recordsIn(rig.kafka, TOPICS.deadLetter.name);

describe('records on Kafka', () => {
  let rig: PathRig;

  beforeAll(async () => {
    rig = await PathRig.start();
  }, 60_000);

  afterAll(() => rig.stop(), 30_000);

  async function produce(topic: string, records: { key: string | null; value: string }[]): Promise<void> {
    const producer = rig.kafka.producer();
    await producer.connect();
    await producer.send(topic, records);
    await producer.close();
  }

  it('a request that a plain producer writes is paid, found in g2p.success and in the status API', async () => {
    const [transactionId, reference] = [randomUUID(), randomUUID()];
    const request = {
      sender_id: SENDER,
      transaction_id: transactionId,
      reference_id: reference,
      payee_fa: 'phone:+254711223344@mpesa',
      amount: '75.00',
      currency_code: 'KES',
    };
    await produce(TOPICS.request.name, [{ key: reference, value: JSON.stringify(request) }]);
    const batch = await rig.settled(transactionId, 30_000);
    expect(batch.states.succeeded!.count).toBe(1);
    const consumer = rig.kafka.kafka.consumer({ groupId: `${rig.prefix}test` });
    await consumer.connect();
    await consumer.subscribe({
      topics: [physicalName(rig.prefix, TOPICS.success.name)],
      fromBeginning: true,
    });
    const found: Record<string, unknown>[] = [];
    await consumer.run({
      eachMessage: ({ message: { value } }) => {
        const record = JSON.parse(value!.toString()) as Record<string, unknown>;
        if (record.reference_id === reference) found.push(record);
        return Promise.resolve();
      },
    });
    await until(20_000, () => Promise.resolve(found.length > 0 ? true : undefined));
    await consumer.disconnect();
    expect(found[0]).toMatchObject({ outcome: 'settled', amount: '75.00', attempt: 1, lane: 'mobile-money' });
  }, 90_000);

  it('a bad line from a plain producer ends malformed with its reason, and a known reference with other money changes nothing', async () => {
    const [transactionId, reference] = [randomUUID(), randomUUID()];
    const request = {
      sender_id: SENDER,
      transaction_id: transactionId,
      reference_id: reference,
      payee_fa: 'x:1@y',
      amount: '-5',
      currency_code: 'KES',
    };
    await produce(TOPICS.request.name, [{ key: reference, value: JSON.stringify(request) }]);
    const batch = await rig.settled(transactionId, 30_000);
    expect(batch.states.malformed!.count).toBe(1);
    await until(10_000, async () =>
      (await rig.client.batch(transactionId)).completed_at === null ? undefined : true,
    );
    const before = await stateOf(rig);
    await produce(TOPICS.request.name, [
      { key: reference, value: JSON.stringify({ ...request, amount: '10.00', payee_fa: 'phone:1@mtn' }) },
    ]);
    await new Promise((resolve) => setTimeout(resolve, 5000));
    expect(await stateOf(rig)).toBe(before);
  }, 90_000);

  it('forged results, forged money and invented ids move no money and no state', async () => {
    const [transactionId, [open, done]] = [randomUUID(), [randomUUID(), randomUUID()]];
    const future = new Date(Date.now() + 3_600_000).toISOString();
    const lines = goodLines(2).map((line, index) => ({ ...line, reference_id: [open, done][index]! }));
    await rig.post(message(transactionId, [{ ...lines[0], scheduled_timestamp: future }, lines[1]]));
    await until(30_000, async () =>
      (await rig.client.batch(transactionId)).states.succeeded!.count === 1 ? true : undefined,
    );
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const [before, paid] = [await stateOf(rig), (await rig.journal()).payments];
    const ids = (reference: string): Record<string, string> => ({
      sender_id: 'openg2p',
      transaction_id: transactionId,
      reference_id: reference,
      batch_id: batchId('openg2p', transactionId),
      disbursement_id: disbursementId('openg2p', transactionId, reference),
    });
    const money = {
      payer_fa: PAYER,
      payee_fa: lines[0]!.payee_fa,
      amount: lines[0]!.amount,
      currency_code: 'KES',
    };
    const record = (fields: Record<string, unknown>): { key: string; value: string } => ({
      key: 'forged',
      value: JSON.stringify(fields),
    });
    const result = {
      lane: 'mobile-money',
      attempt: 1,
      outcome: 'settled',
      rail_reference: 'x',
      resolved_at: future,
    };
    await produce(TOPICS.success.name, [record({ ...ids(open), ...money, ...result })]);
    await produce(TOPICS.response.name, [
      record({ ...ids(open), ...money, ...result }),
      record({ ...ids(done), ...money, ...result, outcome: 'rejected' }),
    ]);
    await produce(TOPICS.failure.name, [record({ ...ids(done), ...money, ...result, outcome: 'returned' })]);
    await produce(TOPICS.retry.name, [
      record({ ...ids(done), ...money, lane: 'mobile-money', attempt: 2, not_before: 1 }),
    ]);
    await produce(TOPICS.filteredRequests.name, [
      record({ ...ids(open), ...money, amount: '999.00', lane: 'mobile-money', attempt: 1 }),
      record({
        ...ids(open),
        ...money,
        payee_fa: 'phone:+254799999999@mpesa',
        lane: 'mobile-money',
        attempt: 1,
      }),
      record({ ...ids(open), ...money, lane: 'mobile-money', attempt: 1 }),
      record({ ...ids(done), ...money, lane: 'mobile-money', attempt: 2 }),
      record({ ...ids(randomUUID()), ...money, lane: 'mobile-money', attempt: 1 }),
      record({ ...ids(open), ...money, disbursement_id: randomUUID(), lane: 'mobile-money', attempt: 1 }),
      record({ ...ids(open), ...money, lane: 'no-such-lane', attempt: 1 }),
    ]);
    // Longer than parking, so that parked forgeries have become dead letters.
    await new Promise((resolve) => setTimeout(resolve, 7000));
    expect(await stateOf(rig)).toBe(before);
    expect((await rig.journal()).payments).toBe(paid);
  }, 90_000);

  it('what is not JSON or not ours becomes a dead letter on every topic, and the partition goes on', async () => {
    const before = await deadLetters(rig);
    const topics = [
      TOPICS.request,
      TOPICS.filteredRequests,
      TOPICS.response,
      TOPICS.success,
      TOPICS.failure,
      TOPICS.retry,
      TOPICS.review,
      TOPICS.malformedInput,
    ];
    for (const { name } of topics)
      await produce(name, [
        { key: 'p', value: 'not json' },
        { key: 'p', value: '[]' },
      ]);
    // g2p.request is read twice: by intake and by the router.
    await until(20_000, async () =>
      (await deadLetters(rig)) - before >= topics.length * 2 ? true : undefined,
    );
    const [transactionId, lines] = [randomUUID(), goodLines(30)];
    await rig.post(message(transactionId, lines));
    expect((await rig.settled(transactionId)).states.succeeded!.count).toBe(30);
  }, 90_000);

  it('replaying every topic from offset 0 changes no row', async () => {
    await new Promise((resolve) => setTimeout(resolve, 4000));
    const groups = ['gpo-gateway', 'gpo-router', 'gpo-connectors'].map((group) =>
      physicalName(rig.prefix, group),
    );
    for (const name of ['gateway', 'router', 'connectors']) await rig.apps.get(name)!.stop();
    const before = await stateOf(rig);
    const paid = (await rig.journal()).payments;
    await rig.kafka.withAdmin(async (admin) => {
      for (const groupId of groups) {
        const committed = await admin.fetchOffsets({ groupId });
        for (const { topic } of committed) await admin.resetOffsets({ groupId, topic, earliest: true });
      }
    });
    for (const name of ['gateway', 'router', 'connectors']) await rig.relaunch(name);
    await new Promise((resolve) => setTimeout(resolve, 8000));
    expect(await stateOf(rig)).toBe(before);
    expect((await rig.journal()).payments).toBe(paid);
  }, 120_000);
});

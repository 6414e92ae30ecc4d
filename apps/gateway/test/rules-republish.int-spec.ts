import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { KafkaConnection, TOPICS, type RecordProducer } from '@gpo/messaging';
import { StoredMark } from '../src/dispatch/stored-mark.js';
import { Watchdog } from '../src/watchdog/watchdog.js';
import { eventually } from '../../../tools/testing/record-rig-spec.js';
import { recordsIn } from '../../../tools/testing/records-in-spec.js';
import { OutcomeRig } from './outcome.rig-spec.js';

let rig: OutcomeRig;
beforeAll(async () => {
  rig = await OutcomeRig.start();
}, 60_000);
beforeEach(() => rig.record.clear());
afterAll(() => rig.stop());

describe('rule N: the watchdog itself', () => {
  let kafka: KafkaConnection;
  let producer: RecordProducer;
  beforeAll(async () => {
    const topicPrefix = `${new URL(rig.record.url).pathname.slice(1)}.`;
    kafka = new KafkaConnection({ brokers: rig.config.kafka.brokers, topicPrefix, clientId: 'gpo-test' });
    await kafka.ensureTopics([TOPICS.request, TOPICS.filteredRequests]);
    producer = kafka.producer();
    await producer.connect();
  }, 60_000);
  afterAll(() => producer.close());

  const published = (topic: string): Promise<number> => recordsIn(kafka, topic);

  async function watching<T>(through: RecordProducer, work: () => Promise<T>): Promise<T> {
    const watchdog = new Watchdog(
      rig.record.dataSource,
      through,
      rig.config,
      rig.metrics,
      new StoredMark('test'),
    );
    watchdog.onApplicationBootstrap();
    try {
      return await work();
    } finally {
      await watchdog.onApplicationShutdown();
    }
  }

  const mark = async (id: string): Promise<number | undefined> => {
    const rows = await rig.record.rows<{ times: number }>(
      'SELECT times FROM watchdog_mark WHERE disbursement_id = $1',
      [id],
    );
    return rows[0]?.times;
  };

  it('rule N: no attempt -> request again; decided retry -> filtered again; outcome -> response again', async () => {
    const [request, filtered] = [
      await rig.old({}),
      await rig.old({ state: 'retrying', attemptNo: 2 }, [['rejected']]),
    ];
    const outcome = await rig.old({}, [['rejected']]);
    await watching(producer, () =>
      eventually(
        () => mark(outcome),
        (times) => times === 1,
      ),
    );
    expect([await mark(request), await mark(filtered)]).toEqual([1, 1]);
    expect(await published(TOPICS.request.name)).toBe(1);
    expect(await published(TOPICS.filteredRequests.name)).toBe(1);
    expect(await rig.record.attemptRow(outcome)).toMatchObject({ outcome_seq: 1, published_seq: 0 });
  }, 20_000);

  it('rule N: a Kafka that is down is not counted as a time without effect', async () => {
    const id = await rig.old({});
    const closed = kafka.producer();
    await watching(closed, () =>
      eventually(
        () => mark(id),
        (times) => times !== undefined,
      ),
    );
    expect(await mark(id)).toBe(0);
  });
});

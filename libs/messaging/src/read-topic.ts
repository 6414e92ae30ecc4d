import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import type { KafkaConnection } from './kafka-connection.js';
import { physicalName } from './topics.js';

/**
 * The values of all records that a topic holds when it is asked, partition by partition in their order, as they come.
 * Nothing is committed. @throws what Kafka's client throws, also where there is no such topic.
 */
export async function* readTopic(connection: KafkaConnection, name: string): AsyncGenerator<string> {
  const { settings, kafka } = connection;
  const topic = physicalName(settings.topicPrefix, name);
  const offsets = await connection.offsets(name);
  const ends = new Map(
    offsets.filter(({ high, low }) => high !== low).map(({ partition, high }) => [partition, Number(high)]),
  );
  if (ends.size === 0) return;
  const consumer = kafka.consumer({
    groupId: `${settings.topicPrefix}gpo-tail-${randomUUID()}`,
    // Its last look, for records that are not asked for, ends soon.
    maxWaitTimeInMs: 200,
  });
  const values = new PassThrough({ objectMode: true });
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    consumer.on('consumer.crash', ({ payload }) => {
      values.destroy(payload.error);
    });
    await consumer.run({
      autoCommit: false,
      eachBatch: async (payload) => {
        const { batch } = payload;
        const end = ends.get(batch.partition);
        if (end === undefined) return;
        for (const { offset, value } of batch.messages) {
          if (Number(offset) >= end) break;
          if (!values.write(value?.toString() ?? '')) await once(values, 'drain');
          await payload.heartbeat();
        }
        // The last offset of a batch may belong to a record that holds no value, such as a mark of a transaction.
        if (Number(batch.lastOffset()) + 1 >= end) ends.delete(batch.partition);
        if (ends.size === 0) values.end();
      },
    });
    yield* values as AsyncIterable<string>;
  } finally {
    // Whoever stops reading early must not leave a batch waiting for room.
    values.on('error', () => undefined).destroy(new Error('no longer read'));
    await consumer.disconnect();
  }
}

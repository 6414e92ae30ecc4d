import { Kafka, logLevel, type Consumer } from 'kafkajs';
import { COPY_TOPIC, RoundClock, repeating, serveRole, type RoleParts } from './route-clock.js';

const RECORDS_PER_SEND = 1000;

// A file of its own: the product's client, once loaded, replaces internals of kafkajs in the process.
/** kafkajs as its documentation shows it, with the fetch sizes of the product and its best number of records a send. */
async function bareCopy({ brokers, prefix }: RoleParts, topic: string, clock: RoundClock): Promise<Consumer> {
  const kafka = new Kafka({ clientId: 'bare', brokers: [brokers], logLevel: logLevel.ERROR });
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  const consumer = kafka.consumer({
    groupId: `${prefix}copy`,
    maxBytesPerPartition: 2_097_152,
    maxWaitTimeInMs: 100,
  });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    partitionsConsumedConcurrently: 3,
    eachBatch: async ({ batch }) => {
      clock.begin();
      for (let from = 0; from < batch.messages.length; from += RECORDS_PER_SEND) {
        const messages = batch.messages
          .slice(from, from + RECORDS_PER_SEND)
          .map(({ key, value }) => ({ key, value }));
        await producer.send({ topic: `${prefix}${COPY_TOPIC}`, acks: -1, messages });
        clock.end(messages.length);
      }
    },
  });
  return consumer;
}

await serveRole(async (_role, parts) => {
  const topic = `${parts.prefix}g2p.request`;
  const clock = new RoundClock(parts.items);
  return repeating(await bareCopy(parts, topic, clock), topic, parts, clock);
});

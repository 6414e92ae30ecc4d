// Writes disburse requests to Kafka and waits for the fate of each one. Needs kafkajs (npm install kafkajs).
//
//   KAFKA_BROKERS=127.0.0.1:3006 node disburse-direct.mjs requests.jsonl
//
// One JSON line for each request's final word; exit code 0 when every request has one.
// OUTCOME_GROUP names the consumer group; security settings of your cluster go into the client's options.
import { readFileSync } from 'node:fs';
import { Kafka, Partitioners, logLevel } from 'kafkajs';

const prefix = process.env.KAFKA_TOPIC_PREFIX ?? '';
const outcomes = ['g2p.success', 'g2p.failure', 'g2p.malformed-input'].map((name) => prefix + name);
const kafka = new Kafka({
  clientId: 'ministry',
  brokers: (process.env.KAFKA_BROKERS ?? '127.0.0.1:3006').split(','),
  logLevel: logLevel.ERROR,
});

const nameOf = ({ sender_id, transaction_id, reference_id }) =>
  JSON.stringify([sender_id, transaction_id, reference_id]);

/** Resolves when the cluster has every request; after an error all may be sent again: ids make it safe. */
async function send(requests) {
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  await producer.send({
    topic: `${prefix}g2p.request`,
    acks: -1,
    // The same reference always has the same key, so that a repeat stays behind the first.
    messages: requests.map((request) => ({ key: request.reference_id, value: JSON.stringify(request) })),
  });
  await producer.disconnect();
}

async function awaitOutcomes(open) {
  const groupId = prefix + (process.env.OUTCOME_GROUP ?? 'ministry-outcomes');
  const consumer = kafka.consumer({ groupId });
  await consumer.connect();
  await consumer.subscribe({ topics: outcomes, fromBeginning: true });
  await new Promise((resolve) => {
    setTimeout(resolve, 1000 * Number(process.env.WAIT_SECONDS ?? '600')).unref();
    // kafkajs commits an offset only after this promise; here a real system stores what it learnt.
    const eachMessage = async ({ topic, message }) => {
      const outcome = JSON.parse(message.value.toString());
      // A record may come twice; only the first word of each kind is news.
      if (open.delete(nameOf(outcome))) tell(topic.slice(prefix.length), outcome);
      if (open.size === 0) resolve();
    };
    void consumer.run({ eachMessage });
  });
  await consumer.disconnect();
}

function tell(topic, { reference_id, outcome, reason, errors, rail_reference }) {
  process.stdout.write(
    `${JSON.stringify({ reference_id, topic, outcome, reason, errors, rail_reference })}\n`,
  );
}

const requests = readFileSync(process.argv[2], 'utf8')
  .split('\n')
  .filter((line) => line.trim() !== '')
  .map((line) => JSON.parse(line));
await send(requests);
const open = new Set(requests.map(nameOf));
await awaitOutcomes(open);
if (open.size > 0) process.stderr.write(`No final word yet for ${[...open].join(', ')}\n`);
process.exit(open.size === 0 ? 0 : 1);

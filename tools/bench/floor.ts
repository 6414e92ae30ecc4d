import { fork, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { Producer } from '@platformatic/kafka';
import { createKafka } from '@gpo/messaging';
import { cpuMicros } from './process-usage.js';

/**
 * The floor: what the path costs without any logic. The same hops over Kafka (request, filtered, response, success)
 * in three processes with the fastest producer there is, one insert and one update per row in sets, nothing parsed.
 */
export interface FloorResult {
  settledPerSecond: number;
  cpuMicrosPerItem: number;
}

const SELF = fileURLToPath(import.meta.url);
const RECORDS_PER_SEND = 1000;
const VALUE = 'x'.repeat(500);

interface Parts {
  brokers: string;
  databaseUrl: string;
  prefix: string;
  items: number;
}

export async function runFloor(brokers: string, databaseUrl: string, items: number): Promise<FloorResult> {
  const prefix = `floor${randomBytes(3).toString('hex')}.`;
  const parts: Parts = { brokers, databaseUrl, prefix, items };
  const topics = ['a', 'b', 'c', 'd'].map((name) => `${prefix}${name}`);
  const kafka = createKafka({ brokers: [brokers], topicPrefix: '', clientId: 'gpo-floor' });
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({
    waitForLeaders: true,
    topics: topics.map((topic) => ({ topic, numPartitions: 6 })),
  });
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(
    `CREATE TABLE IF NOT EXISTS floor (id int PRIMARY KEY, state text, value text) WITH (fillfactor = 50)`,
  );
  await client.query('TRUNCATE floor');
  const roles = ['write', 'copy', 'settle'].map((role) => fork(SELF, [role, JSON.stringify(parts)]));
  try {
    await Promise.all(roles.map((child) => said(child, 'ready')));
    const before = roles.reduce((sum, { pid }) => sum + cpuMicros(pid!), 0);
    const started = performance.now();
    roles[0]!.send('go');
    await said(roles[2]!, 'done');
    const seconds = (performance.now() - started) / 1000;
    const cpu = roles.reduce((sum, { pid }) => sum + cpuMicros(pid!), 0) - before;
    return { settledPerSecond: items / seconds, cpuMicrosPerItem: cpu / items };
  } finally {
    for (const child of roles) child.kill('SIGKILL');
    await client.query('DROP TABLE floor');
    await client.end();
    await admin.deleteTopics({ topics });
    await admin.disconnect();
  }
}

function said(child: ChildProcess, word: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.on('message', (message) => {
      if (message === word) resolve();
    });
    child.once('exit', (code) => reject(new Error(`a floor process ended with ${String(code)}`)));
  });
}

function producerOf({ brokers }: Parts): (topic: string, values: readonly string[]) => Promise<void> {
  const producer = new Producer({ clientId: 'gpo-floor', bootstrapBrokers: [brokers] });
  return async (topic, values) => {
    for (let from = 0; from < values.length; from += RECORDS_PER_SEND) {
      const messages = values.slice(from, from + RECORDS_PER_SEND).map((value, index) => ({
        topic,
        key: Buffer.from(String(from + index)),
        value: Buffer.from(value),
      }));
      await producer.send({ messages, acks: -1 });
    }
  };
}

async function consume(
  parts: Parts,
  topic: string,
  handle: (values: string[]) => Promise<void>,
): Promise<void> {
  const kafka = createKafka({ brokers: [parts.brokers], topicPrefix: '', clientId: 'gpo-floor' });
  const consumer = kafka.consumer({ groupId: `${parts.prefix}${topic}`, maxWaitTimeInMs: 50 });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  const joined = new Promise<void>((resolve) => consumer.on(consumer.events.GROUP_JOIN, () => resolve()));
  await consumer.run({
    eachBatch: ({ batch }) => handle(batch.messages.map(({ value }) => value!.toString())),
  });
  await joined;
}

async function write(parts: Parts): Promise<void> {
  const send = producerOf(parts);
  const pool = new pg.Client({ connectionString: parts.databaseUrl });
  await pool.connect();
  process.on('message', () => {
    void (async (): Promise<void> => {
      for (let from = 0; from < parts.items; from += 5000) {
        const ids = Array.from({ length: Math.min(5000, parts.items - from) }, (_, index) => from + index);
        await pool.query(`INSERT INTO floor SELECT u, 'open', $2 FROM unnest($1::int[]) u`, [ids, VALUE]);
        await send(
          `${parts.prefix}a`,
          ids.map((id) => `${id}|${VALUE}`),
        );
      }
    })();
  });
}

async function settle(parts: Parts): Promise<void> {
  const pool = new pg.Client({ connectionString: parts.databaseUrl });
  await pool.connect();
  let done = 0;
  await consume(parts, `${parts.prefix}d`, async (values) => {
    const ids = values.map((value) => Number(value.slice(0, value.indexOf('|'))));
    await pool.query(`UPDATE floor SET state = 'succeeded' WHERE id = ANY($1) AND state = 'open'`, [ids]);
    done += values.length;
    if (done >= parts.items) process.send!('done');
  });
}

async function copy(parts: Parts): Promise<void> {
  const send = producerOf(parts);
  for (const [from, to] of [
    ['a', 'b'],
    ['b', 'c'],
    ['c', 'd'],
  ] as const) {
    await consume(parts, `${parts.prefix}${from}`, (values) => send(`${parts.prefix}${to}`, values));
  }
}

if (process.send !== undefined && process.argv[1] === SELF) {
  const parts = JSON.parse(process.argv[3]!) as Parts;
  await { write, copy, settle }[process.argv[2] as 'write' | 'copy' | 'settle'](parts);
  process.send('ready');
}

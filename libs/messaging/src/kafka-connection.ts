import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { Admin, Kafka as KafkaClient, Producer, SeekEntry } from 'kafkajs';
import { Kafka, logLevel } from './kafkajs.js';
import type { KafkaSettings } from './kafka-settings.js';
import type { OutRecord } from './record.js';
import { sendChunks } from './send-chunks.js';
import { fastPartitioner } from './partitioner.js';
import { ALL_TOPICS, physicalName, type Topic } from './topics.js';

const log = new Logger('Kafka');
const LED_MS = 30_000;
const LED_LOOK_MS = 100;
const LEADERLESS: ReadonlySet<string> = new Set(['NOT_LEADER_FOR_PARTITION', 'LEADER_NOT_AVAILABLE']);

/** `low`: the oldest record that is still there; `high`: the one that will be written next. */
export type PartitionOffsets = SeekEntry & { low: string; high: string };

/** kafkajs repeats each connection error many times; one line per kind a second is what an operator can read. */
function quietLogCreator(): (entry: { label: string; log: { message: string; error?: string } }) => void {
  const lastAt = new Map<string, number>();
  return ({ label, log: line }) => {
    const text = `${line.message}${line.error ? `: ${line.error}` : ''}`;
    const now = Date.now();
    if (now - (lastAt.get(text) ?? 0) < 1000) return;
    lastAt.set(text, now);
    if (label === 'ERROR') log.warn(text);
    else log.debug(text);
  };
}

/** The one place that makes a kafkajs client. `quiet` is for probes that expect to fail. */
export function createKafka(settings: KafkaSettings, quiet = false): KafkaClient {
  return new Kafka({
    clientId: settings.clientId,
    brokers: settings.brokers,
    logLevel: quiet ? logLevel.NOTHING : logLevel.ERROR,
    logCreator: quietLogCreator,
    connectionTimeout: 3000,
    requestTimeout: 30_000,
    retry: { initialRetryTime: 100, maxRetryTime: 2000, retries: 8 },
  });
}

/** Producer with acks=all. One send at a time: order per partition is kept without the experimental idempotent mode. */
export class RecordProducer {
  private readonly producer: Producer;
  private tail: Promise<void> = Promise.resolve();

  constructor(
    kafka: KafkaClient,
    private readonly topicPrefix: string,
  ) {
    this.producer = kafka.producer({
      createPartitioner: fastPartitioner,
      allowAutoTopicCreation: false,
      maxInFlightRequests: 1,
      metadataMaxAge: 10_000,
    });
  }

  async connect(): Promise<void> {
    await this.producer.connect();
  }

  /** @param topic logical name. Resolves when every in-sync replica has all records; rejects otherwise (send again: consumers are idempotent). */
  send(topic: string, records: readonly OutRecord[]): Promise<void> {
    const result = this.tail.then(() => this.sendChunks(physicalName(this.topicPrefix, topic), records));
    this.tail = result.catch(() => undefined);
    return result;
  }

  private async sendChunks(topic: string, records: readonly OutRecord[]): Promise<void> {
    for (const messages of sendChunks(records)) await this.producer.send({ topic, acks: -1, messages });
  }

  async close(): Promise<void> {
    await this.tail;
    await this.producer.disconnect();
  }
}

/** Resolves when every partition of these topics can be written. @throws what the broker says after LED_MS. */
async function untilLed(admin: Admin, topics: string[]): Promise<void> {
  const until = Date.now() + LED_MS;
  for (;;) {
    try {
      const { topics: found } = await admin.fetchTopicMetadata({ topics });
      const partitions = found.flatMap((topic) => topic.partitions);
      if (partitions.length > 0 && partitions.every(({ leader }) => leader >= 0)) return;
      if (Date.now() > until)
        throw new Error(`no leader after ${LED_MS / 1000} seconds: ${topics.join(', ')}`);
    } catch (error) {
      if (Date.now() > until) throw error;
    }
    await sleep(LED_LOOK_MS);
  }
}

/** One process's connection: its producer and its right to create topics. */
export class KafkaConnection {
  readonly kafka: KafkaClient;

  constructor(readonly settings: KafkaSettings) {
    this.kafka = createKafka(settings);
  }

  producer(): RecordProducer {
    return new RecordProducer(this.kafka, this.settings.topicPrefix);
  }

  /** Creates the topics that do not exist; existing ones keep their settings. */
  async ensureTopics(topics: readonly Topic[] = ALL_TOPICS): Promise<void> {
    await this.withAdmin(async (admin) => {
      const existing = new Set(await admin.listTopics());
      const missing = topics.filter(
        ({ name }) => !existing.has(physicalName(this.settings.topicPrefix, name)),
      );
      if (missing.length === 0) return;
      // kafkajs's own wait gives up where the broker that answers has not heard of the topic yet.
      await admin.createTopics({
        waitForLeaders: false,
        topics: missing.map(({ name, partitions, retentionMs }) => ({
          topic: physicalName(this.settings.topicPrefix, name),
          numPartitions: partitions,
          configEntries: [{ name: 'retention.ms', value: String(retentionMs) }],
        })),
      });
      await untilLed(
        admin,
        missing.map(({ name }) => physicalName(this.settings.topicPrefix, name)),
      );
    });
  }

  /**
   * Where each partition of a topic begins and ends. A topic that was made a moment ago, and one whose broker has just
   * changed, has no leader yet: it is asked again for LED_MS. @throws what the broker says, also where there is no such topic.
   */
  async offsets(name: string): Promise<PartitionOffsets[]> {
    const topic = physicalName(this.settings.topicPrefix, name);
    for (const until = Date.now() + LED_MS; ;) {
      try {
        return await this.withAdmin((admin) => admin.fetchTopicOffsets(topic));
      } catch (error) {
        const { type = '' } = error as { type?: string };
        if (!LEADERLESS.has(type) || Date.now() > until) throw error;
      }
      await sleep(LED_LOOK_MS);
    }
  }

  async withAdmin<T>(use: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = this.kafka.admin();
    await admin.connect();
    try {
      return await use(admin);
    } finally {
      await admin.disconnect();
    }
  }
}

import { Logger } from '@nestjs/common';
import { Server, type CustomTransportStrategy } from '@nestjs/microservices';
import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import { lastValueFrom, type Observable } from 'rxjs';
import { GatheredBatches } from './gathered-batches.js';
import { createKafka } from './kafka-connection.js';
import { SESSION_MS, type KafkaSettings } from './kafka-settings.js';
import type { InRecord } from './record.js';
import { logicalName, physicalName } from './topics.js';

export interface KafkaBatchOptions {
  settings: KafkaSettings;
  /** Consumer group, without the installation's prefix. */
  groupId: string;
  /** Records handed to a handler at once. Smaller than a fetch, so that heartbeats go out in between. */
  batchRecordsMax?: number;
  /** The consumer stopped for good; the process must end so that its supervisor starts it anew. */
  onFatal: (error: Error) => void;
}

type Handler = (batch: InRecord[]) => Promise<Observable<unknown>>;

/** A fetch is answered when this much is there, or FETCH_WAIT_MS passed: a record handled alone costs what fifty do. */
const FETCH_BYTES_MIN = 32_768;
const FETCH_WAIT_MS = 50;
/** More than a process has partitions, so that all that one fetch brought are handed over together. */
const PARTITIONS_AT_ONCE = 64;

/**
 * Kafka transport that hands whole batches to `@OnTopic` methods and commits an offset only after the handler's
 * promise resolved. Nest's stock Kafka server is eachMessage only and redelivers a bad record for ever.
 */
export class KafkaBatchStrategy extends Server implements CustomTransportStrategy {
  private readonly kafka: Kafka;
  private readonly consumer: Consumer;
  private readonly log = new Logger('KafkaBatch');
  private joined = false;
  private readonly gathered = new Map<string, GatheredBatches<InRecord>>();
  /** By topic and partition: records behind the last one handled, when they were fetched. */
  private readonly behind = new Map<string, { topic: string; records: number }>();
  private closing = false;
  private running = false;
  private paused = false;

  constructor(private readonly options: KafkaBatchOptions) {
    super();
    this.kafka = createKafka(options.settings);
    const sessionMs = options.settings.sessionTimeoutMs ?? SESSION_MS;
    this.consumer = this.kafka.consumer({
      groupId: physicalName(options.settings.topicPrefix, options.groupId),
      sessionTimeout: sessionMs,
      rebalanceTimeout: 20_000,
      heartbeatInterval: Math.floor(sessionMs / 5),
      maxBytesPerPartition: 2_097_152,
      minBytes: FETCH_BYTES_MIN,
      maxWaitTimeInMs: FETCH_WAIT_MS,
      metadataMaxAge: 10_000,
      allowAutoTopicCreation: false,
      retry: {
        initialRetryTime: 200,
        maxRetryTime: 2000,
        retries: 20,
        restartOnFailure: () => Promise.resolve(true),
      },
    });
  }

  /** True while this member holds its place in the group. */
  get isJoined(): boolean {
    return this.joined;
  }

  /** What was fetched or lies behind it and is not handled yet, a row for each partition that this process has read. */
  lags(): Iterable<{ topic: string; records: number }> {
    return this.behind.values();
  }

  /** Hands over no further batch; the one at work is finished. The place in the group is kept. */
  pause(): void {
    this.paused = true;
    if (this.running) this.consumer.pause(this.topics().map((topic) => ({ topic })));
  }

  resume(): void {
    this.paused = false;
    if (this.running) this.consumer.resume(this.topics().map((topic) => ({ topic })));
  }

  listen(callback: (error?: unknown) => void): void {
    this.start().then(() => callback(), callback);
  }

  private async start(): Promise<void> {
    this.consumer.on(this.consumer.events.GROUP_JOIN, () => {
      this.joined = true;
      // Partitions may have gone to another member, who counts them from now on.
      this.behind.clear();
    });
    this.consumer.on(this.consumer.events.CRASH, ({ payload }) => {
      this.joined = false;
      // With restart, kafkajs comes back by itself; without, only a new process helps.
      if (!payload.restart && !this.closing) this.options.onFatal(payload.error);
    });
    await this.consumer.connect();
    await this.consumer.subscribe({ topics: this.topics(), fromBeginning: true });
    await this.consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: PARTITIONS_AT_ONCE,
      eachBatch: (payload) => this.eachBatch(payload),
    });
    this.running = true;
    if (this.paused) this.pause();
  }

  private async eachBatch(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload;
    const topic = logicalName(this.options.settings.topicPrefix, batch.topic);
    const handler = this.messageHandlers.get(topic) as Handler | undefined;
    if (handler === undefined) throw new Error(`no handler for topic ${topic}`);
    const size = this.options.batchRecordsMax ?? 1000;
    this.note(
      topic,
      batch.partition,
      Number(batch.highWatermark) - Number(batch.firstOffset() ?? batch.highWatermark),
    );
    for (let from = 0; from < batch.messages.length; from += size) {
      if (this.paused || !payload.isRunning() || payload.isStale()) return;
      const messages = batch.messages.slice(from, from + size);
      await this.gatheredFor(topic, handler).add(
        messages.map((message): InRecord => toInRecord(topic, batch.partition, message)),
      );
      const { offset } = messages.at(-1)!;
      payload.resolveOffset(offset);
      this.note(topic, batch.partition, Number(batch.highWatermark) - Number(offset) - 1);
      await payload.heartbeat();
      await payload.commitOffsetsIfNecessary(payload.uncommittedOffsets());
    }
  }

  private note(topic: string, partition: number, records: number): void {
    this.behind.set(`${topic}/${partition}`, { topic, records });
  }

  private gatheredFor(topic: string, handler: Handler): GatheredBatches<InRecord> {
    let gathered = this.gathered.get(topic);
    if (gathered === undefined) {
      gathered = new GatheredBatches(this.options.batchRecordsMax ?? 1000, (records) =>
        this.handle(handler, records, topic),
      );
      this.gathered.set(topic, gathered);
    }
    return gathered;
  }

  private async handle(handler: Handler, records: InRecord[], topic: string): Promise<void> {
    try {
      // Nest wraps what the method did into a stream, failures included.
      await lastValueFrom(this.transformToObservable(await handler(records)), { defaultValue: undefined });
    } catch (error) {
      // kafkajs hides the cause behind its own retry text; this line is where an operator finds it.
      this.log.error(
        `batch of ${records.length} from ${topic} will come again: ${error instanceof Error ? error.message : JSON.stringify(error)}`,
      );
      throw error;
    }
  }

  private topics(): string[] {
    return [...this.messageHandlers.keys()].map((name) =>
      physicalName(this.options.settings.topicPrefix, name),
    );
  }

  async close(): Promise<void> {
    this.closing = true;
    await this.consumer.disconnect();
  }

  on(): void {
    throw new Error('KafkaBatchStrategy has no public events');
  }

  // The signature is Nest's.
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters
  unwrap<T>(): T {
    return this.consumer as T;
  }
}

function toInRecord(
  topic: string,
  partition: number,
  message: EachBatchPayload['batch']['messages'][0],
): InRecord {
  return {
    topic,
    partition,
    offset: message.offset,
    key: message.key?.toString('utf8') ?? null,
    value: message.value,
    headers: textHeaders(message.headers),
  };
}

const NO_HEADERS: Record<string, string> = {};

function textHeaders(headers: EachBatchPayload['batch']['messages'][0]['headers']): Record<string, string> {
  if (headers === undefined) return NO_HEADERS;
  const text: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) text[name] = String(value);
  return text;
}

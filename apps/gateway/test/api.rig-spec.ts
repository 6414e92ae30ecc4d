import 'reflect-metadata';
import { createHash, randomUUID } from 'node:crypto';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { DataSource } from 'typeorm';
import { KafkaBatchStrategy, KafkaConnection, type RecordProducer } from '@gpo/messaging';
import { OutboundHttp } from '@gpo/outbound-http';
import { createDataSource, ReadPool } from '@gpo/persistence';
import { CallbackReceiver } from '../../../tools/sample/callback-receiver.js';
import { freePort } from '../../../tools/stack/free-port.js';
import { until } from '../../../tools/testing/path-rig-spec.js';
import { RecordRig } from '../../../tools/testing/record-rig-spec.js';
import { StoredMark } from '../src/dispatch/stored-mark.js';
import { createGateway } from '../src/gateway.app.js';
import { readGatewayConfig } from '../src/gateway.config.js';
import { SenderRegistry } from '../src/senders/sender-registry.js';
import type { Sender } from '../src/senders/sender.js';
import type { Answer, Json } from './answer.rig-spec.js';

export type { Answer, Json } from './answer.rig-spec.js';

const STRICT = { 'X-API-Key': 'strict-dev-key' };
const OPENG2P = { Authorization: `Basic ${btoa('openg2p:openg2p')}` };

/** One or more real gateways on one database; the rest of the path is not running, so every line stays received. */
export class ApiRig {
  private readonly gateways: NestFastifyApplication[] = [];
  private readonly closers: (() => Promise<void> | void)[] = [];
  readonly urls: string[] = [];
  readonly topicPrefix = `api${randomUUID().slice(0, 8)}.`;
  private readonly registries: SenderRegistry[] = [];

  private constructor(
    readonly record: RecordRig,
    readonly receiver: CallbackReceiver,
    private readonly receiverPort: number,
    private readonly changes: Readonly<Record<string, Partial<Sender>>>,
    private readonly env: Readonly<Record<string, string>>,
  ) {}

  /**
   * @param senders settings over those of examples/senders.json, by sender id.
   * @param env settings of the gateways over those of the rig.
   */
  static async start(
    count = 1,
    senders: Record<string, Partial<Sender>> = {},
    env: Record<string, string> = {},
  ): Promise<ApiRig> {
    const port = await freePort();
    const receiver = new CallbackReceiver(port);
    await receiver.listen();
    const rig = new ApiRig(await RecordRig.start(), receiver, port, senders, env);
    for (let index = 0; index < count; index += 1) await rig.startGateway();
    return rig;
  }

  private async startGateway(): Promise<void> {
    const config = readGatewayConfig({
      NODE_ENV: 'test',
      DATABASE_URL: this.record.url,
      KAFKA_BROKERS: process.env.TEST_KAFKA_BROKERS!,
      KAFKA_TOPIC_PREFIX: this.topicPrefix,
      CALLBACK_CHUNK_MS: '0',
      CALLBACK_CHUNK_ITEMS: '3',
      INTERFACE_PREFIX: '/api/payments',
      BODY_BYTES_MAX: '2000000',
      LINES_MAX: '1000',
      ...this.env,
    });
    const settings = {
      brokers: config.kafka.brokers,
      topicPrefix: config.kafka.topicPrefix,
      clientId: 'api-test',
    };
    const kafka = new KafkaConnection(settings);
    await kafka.ensureTopics();
    const producer = kafka.producer();
    await producer.connect();
    const http = new OutboundHttp({
      timeoutMs: 2000,
      maxResponseBytes: 10_000,
      maxSockets: 64,
      allowPrivateAddresses: true,
    });
    const dataSource = await createDataSource(this.record.url, 8).initialize();
    const reader = new ReadPool(config.databaseUrl, config.statusPool);
    const app = await createGateway({
      config,
      dataSource,
      reader,
      producer,
      strategy: new KafkaBatchStrategy({ settings, groupId: 'api-test', onFatal: () => undefined }),
      senders: this.senders(),
      http,
      mark: await StoredMark.load(dataSource),
    });
    await app.listen(0, '127.0.0.1');
    this.gateways.push(app);
    this.urls.push(await app.getUrl());
    this.closers.push(() => closeAll(app, http, producer, reader, dataSource));
  }

  private senders(): SenderRegistry {
    const file = SenderRegistry.fromFile('examples/senders.json');
    const senders = ['openg2p', 'strict'].map((id) => ({
      ...file.get(id)!,
      callback_url: `http://127.0.0.1:${this.receiverPort}/on-disburse`,
      ...this.changes[id],
    }));
    const registry = new SenderRegistry({
      senders,
      auditors: [tokenOf('auditor')],
      operators: [tokenOf('operator')],
    });
    this.registries.push(registry);
    return registry;
  }

  strict(path: string, body: unknown, gateway = 0): Promise<Answer> {
    return this.post(path, body, STRICT, gateway);
  }

  openg2p(path: string, body: unknown, gateway = 0): Promise<Answer> {
    return this.post(path, body, OPENG2P, gateway);
  }

  async post(path: string, body: unknown, headers: Record<string, string>, gateway = 0): Promise<Answer> {
    const answer = await fetch(`${this.urls[gateway]!}${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
    });
    const text = await answer.text();
    return { status: answer.status, text, body: JSON.parse(text) as Answer['body'] };
  }

  /** From now on this sender has other settings. */
  change(id: string, settings: Partial<Sender>): void {
    for (const registry of this.registries) Object.assign(registry.get(id)!, settings);
  }

  /** From now on this sender has no registered address. */
  forgetCallbackUrl(id: string): void {
    for (const registry of this.registries) delete registry.get(id)!.callback_url;
  }

  /** Waits until dispatch has nothing left to publish. */
  async untilPublished(): Promise<void> {
    await until(10_000, async () => {
      const [row] = await this.record.rows<{ open: string }>(
        `SELECT (SELECT count(*) FROM dispatch_range WHERE published_at IS NULL AND due_at <= now())
              + (SELECT count(*) FROM refused_line WHERE published_at IS NULL)
              + (SELECT count(*) FROM message_refusal WHERE published_at IS NULL) AS open`,
      );
      return row!.open === '0' ? true : undefined;
    });
  }

  /** Ends every gateway and starts as many new ones. */
  async restart(): Promise<void> {
    const count = this.urls.splice(0).length;
    this.gateways.splice(0);
    for (const close of this.closers.splice(0)) await close();
    for (let index = 0; index < count; index += 1) await this.startGateway();
  }

  async stop(): Promise<void> {
    for (const close of this.closers) await close();
    await this.receiver.close();
    await this.record.stop();
  }
}

/** Somebody of this name, whose token is the name and -token. */
function tokenOf(id: string): { id: string; token_sha256: string } {
  return { id, token_sha256: createHash('sha256').update(`${id}-token`).digest('hex') };
}

async function closeAll(
  app: NestFastifyApplication,
  http: OutboundHttp,
  producer: RecordProducer,
  reader: ReadPool,
  dataSource: DataSource,
): Promise<void> {
  await app.close();
  http.close();
  await producer.close();
  await reader.close();
  await dataSource.destroy();
}

/** A good line. */
export function line(change: Json = {}): Json & { reference_id: string } {
  return {
    reference_id: randomUUID(),
    payer_fa: 'account_no:1@TREASURY',
    payee_fa: 'phone:+254711223344@mpesa',
    amount: '10.00',
    currency_code: 'KES',
    ...change,
  };
}

/** A message as the specification prints it, with the header that a strict sender needs. */
export function envelope(message: Json, header: Json = {}): Json {
  const lines = message.disbursements ?? message.search_criteria;
  return {
    signature: '',
    header: {
      version: '1.0.0',
      message_id: randomUUID(),
      message_ts: '2026-11-24T08:00:00Z',
      action: 'disburse',
      sender_id: 'strict.example.org',
      total_count: Array.isArray(lines) ? lines.length : 1,
      is_msg_encrypted: false,
      ...header,
    },
    message,
  };
}

export function disburse(transactionId: string, lines: readonly unknown[], header: Json = {}): Json {
  return envelope({ transaction_id: transactionId, disbursements: lines }, header);
}

/** A TxnStatusRequest. */
export function question(by: string, value: unknown, header: Json = {}): Json {
  const txnstatus_request = {
    reference_id: 'q-1',
    txn_type: 'disburse',
    attribute_type: by,
    attribute_value: value,
  };
  return envelope({ transaction_id: 'q', txnstatus_request }, header);
}

/** A SearchRequest with one criterion. */
export function criteria(by: string, value: string): Json {
  const criterion = {
    reference_id: 'c-1',
    request_type: 'disburse',
    attribute_type: by,
    attribute_value: value,
  };
  return envelope({ transaction_id: 'q', search_criteria: [criterion] }, { action: 'search' });
}

import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { PROFILES, batchId } from '@gpo/g2p-connect-schemas';
import { KafkaConnection, TOPICS } from '@gpo/messaging';
import { OutboundHttp } from '@gpo/outbound-http';
import { ReadPool } from '@gpo/persistence';
import { RecordRig, type SeedLine, type Seeded } from '../../../tools/testing/record-rig-spec.js';
import { AnswerBuilder } from '../src/callback/answer.builder.js';
import { CallbackBuilder } from '../src/callback/callback.builder.js';
import { CallbackQueue } from '../src/callback/callback.queue.js';
import { CallbackSender } from '../src/callback/callback.sender.js';
import { DispatchPublisher } from '../src/dispatch/dispatch.publisher.js';
import { StoredMark } from '../src/dispatch/stored-mark.js';
import { readGatewayConfig, type GatewayConfig } from '../src/gateway.config.js';
import { CrashPoints } from '../src/health/crash-points.js';
import { GatewayMetrics } from '../src/health/gateway.metrics.js';
import { readDirectRequest } from '../src/intake/direct-request.reader.js';
import { IntakeService, type Acceptance, type Submission } from '../src/intake/intake.service.js';
import { readLines } from '../src/intake/submission.reader.js';
import type { Claim } from '../src/outcome/decision.js';
import { OutcomeService, type Applied } from '../src/outcome/outcome.service.js';
import { SenderRegistry } from '../src/senders/sender-registry.js';
import { SearchService } from '../src/status/search.service.js';
import { TxnStatusService } from '../src/status/txn-status.service.js';

export const STUCK_MS = 60_000;

type RawLine = Record<string, unknown>;

export type IntakeArguments = [
  transactionId: string,
  raw: readonly RawLine[],
  channel?: 'rest' | 'kafka',
  url?: string,
];

/** The real outcome step on a database of its own. */
export class OutcomeRig {
  readonly metrics = new GatewayMetrics();
  readonly queue = new CallbackQueue();
  readonly senders = SenderRegistry.fromFile('examples/senders.json');
  sender = this.senders.get('strict')!;
  readonly outcomes: OutcomeService;

  private constructor(
    readonly record: RecordRig,
    readonly config: GatewayConfig,
  ) {
    this.outcomes = new OutcomeService(record.dataSource, config, this.queue, this.metrics);
  }

  static async start(): Promise<OutcomeRig> {
    const record = await RecordRig.start();
    const config = readGatewayConfig({
      NODE_ENV: 'test',
      DATABASE_URL: record.url,
      KAFKA_BROKERS: process.env.TEST_KAFKA_BROKERS!,
      WATCHDOG_INTERVAL_MS: '20',
      WATCHDOG_STUCK_MS: String(STUCK_MS),
      CALLBACK_CHUNK_MS: '0',
      CALLBACK_TIMEOUT_MS: '2000',
    });
    return new OutcomeRig(record, config);
  }

  stop(): Promise<void> {
    return this.record.stop();
  }

  /** A claim as its topic's reader makes it. */
  claim({ id, money }: Seeded, kind: Claim['kind'], attemptNo = 1, more: Partial<Claim> = {}): Claim {
    return {
      kind,
      disbursementId: id,
      attemptNo,
      record: { reference_id: 'x' },
      ...(kind === 'retry' ? { notBefore: Date.now() } : {}),
      ...(kind === 'malformed'
        ? {
            content: {
              payerFa: money.payer_fa,
              payeeFa: money.payee_fa,
              amount: money.amount,
              currencyCode: money.currency_code,
            },
          }
        : {}),
      ...more,
    };
  }

  apply(...claims: Claim[]): Promise<Applied> {
    return this.outcomes.apply(claims, 3);
  }

  /** The counters of all shards, and what a recount of the rows says. */
  async counted(batchId: string): Promise<{ counters: unknown; recount: unknown }> {
    const [counters] = await this.record.rows<{ found: unknown }>(
      `SELECT jsonb_object_agg(state, ARRAY[lines, minor] ORDER BY state) AS found
         FROM (SELECT state, sum(lines) AS lines, sum(amount_minor) AS minor FROM batch_counter
                WHERE batch_id = $1 GROUP BY state HAVING sum(lines) <> 0) c`,
      [batchId],
    );
    const [recount] = await this.record.rows<{ found: unknown }>(
      `SELECT jsonb_object_agg(state, ARRAY[lines, minor] ORDER BY state) AS found
         FROM (SELECT state, count(*) AS lines, sum(amount_minor) AS minor
                 FROM (SELECT state, amount_minor FROM disbursement WHERE batch_id = $1
                       UNION ALL SELECT 'malformed', 0 FROM refused_line WHERE batch_id = $1) l GROUP BY state) c`,
      [batchId],
    );
    return { counters: counters!.found, recount: recount!.found };
  }

  async batch(
    batchId: string,
  ): Promise<{ completed_at: Date | null; version: number; sent_version: number; total_count: number }> {
    const [row] = await this.record.rows<Awaited<ReturnType<OutcomeRig['batch']>>>(
      'SELECT completed_at, version, sent_version, total_count FROM batch WHERE batch_id = $1',
      [batchId],
    );
    return row!;
  }

  /** Lets callbacks be made and posted while `work` runs. */
  async calling<T>(work: () => Promise<T>): Promise<T> {
    const { callbackTimeoutMs: timeoutMs } = this.config;
    const limits = {
      timeoutMs,
      maxResponseBytes: 1000,
      maxSockets: Number.POSITIVE_INFINITY,
      allowPrivateAddresses: true,
    };
    const http = new OutboundHttp(limits);
    const crashPoints = new CrashPoints(this.config);
    const { dataSource } = this.record;
    const reader = new ReadPool(this.config.databaseUrl, this.config.statusPool);
    const search = new SearchService(reader, this.config);
    const status = new TxnStatusService(reader, this.config, search);
    const answers = new AnswerBuilder(dataSource, this.senders, search, status);
    const sender = new CallbackSender(dataSource, http, this.config, this.metrics, crashPoints, answers);
    const builder = new CallbackBuilder(dataSource, this.config, sender, this.queue, this.senders);
    builder.onApplicationBootstrap();
    sender.onApplicationBootstrap();
    try {
      return await work();
    } finally {
      await builder.onApplicationShutdown();
      await sender.onApplicationShutdown();
      http.close();
      await reader.close();
    }
  }

  /** A disbursement of which nothing was heard for `agoMs`. */
  async old(
    line: SeedLine,
    attempts: [state: string, more?: Record<string, unknown>][] = [],
    agoMs = 2 * STUCK_MS,
  ): Promise<string> {
    const { id } = await this.record.disbursement(line);
    for (const [index, [state, more]] of attempts.entries()) {
      const outcome_seq = ['queued', 'sending', 'accepted', 'unknown', 'void'].includes(state) ? 0 : 1;
      await this.record.attempt(id, index + 1, state, { outcome_seq, published_seq: outcome_seq, ...more });
    }
    await this.record.age('disbursement', id, agoMs);
    await this.record.age('attempt', id, agoMs);
    return id;
  }

  line(change: RawLine = {}): RawLine & { reference_id: string } {
    return {
      reference_id: randomUUID(),
      payee_fa: 'phone:+254711223344@mpesa',
      amount: '10.00',
      currency_code: 'KES',
      ...change,
    };
  }

  /** The real intake; what it hands to dispatch stays in the rows. */
  intakeParts(): { service: IntakeService; dispatch: DispatchPublisher; crashPoints: CrashPoints } {
    const { dataSource } = this.record;
    const crashPoints = new CrashPoints(this.config);
    const settings = { brokers: this.config.kafka.brokers, topicPrefix: '', clientId: 'gpo-test' };
    const producer = new KafkaConnection(settings).producer();
    const dispatch = new DispatchPublisher(
      dataSource,
      producer,
      this.metrics,
      crashPoints,
      new StoredMark('test'),
    );
    const service = new IntakeService(
      dataSource,
      dispatch,
      this.queue,
      this.metrics,
      crashPoints,
      this.senders,
      this.config,
    );
    return { service, dispatch, crashPoints };
  }

  /** Hands lines to the real intake, which writes what dispatch, outcome and callback read. */
  async intake(...[transactionId, raw, channel, url]: IntakeArguments): Promise<Acceptance> {
    const { service } = this.intakeParts();
    const lines =
      channel === 'kafka'
        ? this.directLines(transactionId, raw)
        : await readLines(this.sender, PROFILES.strict, transactionId, raw);
    const callbackUrl = url ?? 'http://127.0.0.1:1/on-disburse';
    const message = { transactionId, messageId: 'm', callbackUrl, channel: channel ?? 'rest' };
    return service.accept(this.sender, { ...message, ...lines });
  }

  /** As the gateway reads them from g2p.request. */
  private directLines(transactionId: string, raw: readonly unknown[]): Pick<Submission, 'lines' | 'refused'> {
    const lines = raw.flatMap((line, index) => {
      const value = { sender_id: this.sender.id, transaction_id: transactionId, ...(line as object) };
      const record = {
        topic: TOPICS.request.name,
        partition: 0,
        offset: String(index),
        key: null,
        headers: {},
      };
      const request = readDirectRequest(
        { ...record, value: Buffer.from(JSON.stringify(value)) },
        this.senders,
      );
      return request.line === undefined ? [] : [{ ...request.line, lineNo: index + 1 }];
    });
    return { lines, refused: [] };
  }

  async seeds(transactionId: string): Promise<Seeded[]> {
    const rows = await this.record.rows<{ id: string; batchId: string }>(
      `SELECT disbursement_id AS id, batch_id AS "batchId" FROM disbursement WHERE batch_id = $1 ORDER BY line_no`,
      [batchId(this.sender.id, transactionId)],
    );
    return rows as Seeded[];
  }
}

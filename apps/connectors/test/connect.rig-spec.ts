import 'reflect-metadata';
import { railId } from '@gpo/g2p-connect-schemas';
import { KafkaConnection } from '@gpo/messaging';
import { RecordRig, type Seeded } from '../../../tools/testing/record-rig-spec.js';
import { AttemptSignal } from '../src/connect/attempt.signal.js';
import {
  takeOverDue,
  takeQueued,
  type LeasedAttempt,
  type TakeOptions,
} from '../src/connect/attempt.repository.js';
import type { ClaimRequest, ClaimVerdict } from '../src/connect/claim.repository.js';
import { ClaimService } from '../src/connect/claim.service.js';
import type { Fact } from '../src/connect/fact.js';
import { LaneWorker } from '../src/connect/lane.worker.js';
import { OutcomeWriter } from '../src/connect/outcome.writer.js';
import { UnknownResolver } from '../src/connect/unknown.resolver.js';
import type {
  Absent,
  CallContext,
  ConnectorManifest,
  Instruction,
  Outcome,
  QueryKey,
  RailConnector,
  SubmitError,
} from '../src/connector.js';
import { readConnectorsConfig, type ConnectorsConfig } from '../src/connectors.config.js';
import { CrashPoints } from '../src/crash-points.js';
import { ConnectorsMetrics } from '../src/health/connectors.metrics.js';
import { LaneRegistry, registerLanes, type Lane } from '../src/lanes/lane.registry.js';

const MANIFEST: ConnectorManifest = {
  id: 'scripted',
  family: 'mobile-money',
  apiVersion: '1',
  faTypes: 'any',
  currencies: 'any',
  amountForm: 'decimal',
  submit: { mode: 'single', maxItems: 1 },
  duplicate: 'rejects',
  refusedId: 'burnt',
  dedupeWindowMs: 'forever',
  query: 'by-our-id',
  absentIsFinalAfterMs: 200,
  result: ['poll'],
  inboundAuth: 'unsigned-confirm-by-query',
  finality: 'may-be-returned',
  codes: {},
};

/** A rail that answers what the test says, and remembers what reached it. */
export class ScriptedRail implements RailConnector {
  readonly manifest: ConnectorManifest;
  readonly paid: string[] = [];
  readonly asked: string[] = [];
  answer: (key: QueryKey) => Outcome | Absent = ({ railId: id }) => ({ railId: id, kind: 'absent' });
  take: (item: Instruction, ctx: CallContext) => Promise<Outcome> = (item, ctx) => {
    ctx.beforeSend();
    this.paid.push(item.railId);
    return Promise.resolve({ railId: item.railId, at: new Date(), kind: 'settled' });
  };

  constructor(change: Partial<ConnectorManifest> = {}) {
    this.manifest = { ...MANIFEST, ...change };
  }

  validate(): [] {
    return [];
  }

  async submit(items: readonly Instruction[], ctx: CallContext): Promise<(Outcome | SubmitError)[]> {
    return Promise.all(items.map((item) => this.take(item, ctx)));
  }

  query(keys: readonly QueryKey[]): Promise<(Outcome | Absent)[]> {
    this.asked.push(...keys.map(({ railId: id }) => id));
    return Promise.resolve(keys.map((key) => this.answer(key)));
  }

  parseInbound(): { wake: []; outcomes: [] } {
    return { wake: [], outcomes: [] };
  }

  async health(): Promise<void> {}
  async close(): Promise<void> {}
}

/** The real connect step on a database of its own, with lanes `a` and `b`; rails are scripted. */
export class ConnectRig {
  readonly signal = new AttemptSignal();
  readonly metrics = new ConnectorsMetrics();
  readonly crashPoints: CrashPoints;
  readonly claims: ClaimService;
  readonly writer: OutcomeWriter;
  readonly kafka: KafkaConnection;

  private constructor(
    readonly record: RecordRig,
    readonly config: ConnectorsConfig,
  ) {
    this.crashPoints = new CrashPoints(config);
    this.claims = new ClaimService(record.dataSource, this.signal, this.crashPoints);
    this.writer = new OutcomeWriter(record.dataSource, this.signal, this.crashPoints);
    const brokers = config.kafka.brokers;
    const topicPrefix = `${new URL(record.url).pathname.slice(1)}.`;
    this.kafka = new KafkaConnection({ brokers, topicPrefix, clientId: 'gpo-test' });
  }

  /** @param env settings over those of the rig. */
  static async start(env: Record<string, string> = {}): Promise<ConnectRig> {
    const record = await RecordRig.start();
    await registerLanes(record.dataSource, ['a', 'b']);
    const config = readConnectorsConfig({
      DATABASE_URL: record.url,
      KAFKA_BROKERS: process.env.TEST_KAFKA_BROKERS!,
      RESOLVER_INTERVAL_MS: '20',
      POLL_FIRST_MS: '20',
      LEASE_MARGIN_MS: '50',
      ...env,
    });
    return new ConnectRig(record, config);
  }

  stop(): Promise<void> {
    return this.record.stop();
  }

  /** The filtered request of a seeded disbursement. */
  request({ id, ids, money }: Seeded, change: Partial<ClaimRequest> = {}): ClaimRequest {
    const { lane = 'a', attemptNo = 1 } = change;
    return {
      disbursementId: id,
      senderId: ids.sender_id,
      transactionId: ids.transaction_id,
      referenceId: ids.reference_id,
      attemptNo,
      lane,
      money: {
        payerFa: money.payer_fa,
        payeeFa: money.payee_fa,
        amount: money.amount,
        currencyCode: money.currency_code,
      },
      railId: railId(lane, id, attemptNo),
      reuseRefusedId: false,
      ...change,
    };
  }

  async claim(...requests: ClaimRequest[]): Promise<ClaimVerdict[]> {
    return [...(await this.claims.claim(requests)).values()];
  }

  take(change: Partial<TakeOptions> = {}): Promise<LeasedAttempt[]> {
    const options = { lane: 'a', limit: 100, leaseMs: 30_000, leaseMarginMs: 50, dedupeWindowMs: null };
    return takeQueued(this.record.dataSource, { ...options, ...change });
  }

  /** What is due on either lane. */
  async takeOver(): Promise<LeasedAttempt[]> {
    const due = ['a', 'b'].map((lane) => takeOverDue(this.record.dataSource, lane, 100, 6000));
    return (await Promise.all(due)).flat();
  }

  async write({ disbursementId, attemptNo, token }: LeasedAttempt, fact: Partial<Fact>): Promise<void> {
    await this.writer.write({ disbursementId, attemptNo, token, kind: 'unknown', ...fact });
  }

  lane(rail: RailConnector, change: Partial<Lane['config']> = {}): Lane {
    const limits = { concurrency: 4, perSecond: 1000, leaseMs: 30_000, breakerAfter: 20 };
    return {
      connector: rail,
      config: { id: 'a', connector: 'scripted', settings: {}, ...limits, ...change },
    };
  }

  /** A lane worker of its own, as one more process would have. */
  worker(lane: Lane): LaneWorker {
    const { config, writer, metrics, crashPoints } = this;
    return new LaneWorker(lane, { dataSource: this.record.dataSource, config, writer, metrics, crashPoints });
  }

  /** Lets the resolver look while `work` runs. */
  async resolving<T>(
    rail: ScriptedRail,
    work: () => Promise<T>,
    change: Partial<Lane['config']> = {},
  ): Promise<T> {
    const { record, config, writer, metrics, signal } = this;
    const lanes = new LaneRegistry([this.lane(rail, change)]);
    const resolver = new UnknownResolver(record.dataSource, lanes, writer, config, metrics, signal);
    resolver.onApplicationBootstrap();
    try {
      return await work();
    } finally {
      await resolver.onApplicationShutdown();
    }
  }
}

import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { KafkaConnection } from '@gpo/messaging';
import { createDataSource, freshDatabase, type FreshDatabase } from '@gpo/persistence';
import { AttemptSignal } from '../../connectors/src/connect/attempt.signal.js';
import type { ClaimRequest } from '../../connectors/src/connect/claim.repository.js';
import { ClaimService } from '../../connectors/src/connect/claim.service.js';
import { CrashPoints as ConnectCrashPoints } from '../../connectors/src/crash-points.js';
import { readConnectorsConfig } from '../../connectors/src/connectors.config.js';
import { CallbackQueue } from '../src/callback/callback.queue.js';
import { DispatchPublisher } from '../src/dispatch/dispatch.publisher.js';
import { StoredMark } from '../src/dispatch/stored-mark.js';
import { readGatewayConfig } from '../src/gateway.config.js';
import { CrashPoints } from '../src/health/crash-points.js';
import { GatewayMetrics } from '../src/health/gateway.metrics.js';
import { BatchCancelService } from '../src/hold/batch-cancel.service.js';
import { BatchHoldService } from '../src/hold/batch-hold.service.js';
import { ReleasePublisher } from '../src/hold/release.publisher.js';
import { HoldService } from '../src/hold/hold.service.js';
import { IntakeService, type Acceptance } from '../src/intake/intake.service.js';
import { readLines } from '../src/intake/submission.reader.js';
import type { Claim } from '../src/outcome/decision.js';
import { OutcomeService } from '../src/outcome/outcome.service.js';
import { PROFILES } from '@gpo/g2p-connect-schemas';
import type { Sender } from '../src/senders/sender.js';
import { SenderRegistry } from '../src/senders/sender-registry.js';

export const PAYER = 'account_no:1@TREASURY';

export interface RawLine {
  reference_id: string;
  payee_fa: string;
  amount: string;
  currency_code: string;
  scheduled_timestamp?: string;
}

export function sender(id: string, own: Partial<Sender> = {}): Sender {
  return {
    id,
    profile: 'openg2p',
    aliases: [],
    credentials: {},
    callback_hosts: [],
    payer_accounts: [PAYER],
    default_payer_fa: PAYER,
    kafka_direct: false,
    ...own,
  };
}

/** Intake, outcome and claim on a database of their own, without Kafka: what is published is not looked at. */
export class HoldRig {
  readonly outcomes: OutcomeService;
  readonly holds: HoldService;
  readonly batchHolds: BatchHoldService;
  readonly batchCancels: BatchCancelService;
  readonly claims: ClaimService;
  readonly intake: IntakeService;

  private constructor(
    private readonly database: FreshDatabase,
    readonly dataSource: DataSource,
    readonly senders: readonly Sender[],
  ) {
    const env = { DATABASE_URL: database.url, KAFKA_BROKERS: '127.0.0.1:1', NODE_ENV: 'test' };
    const config = readGatewayConfig(env);
    const producer = new KafkaConnection({
      brokers: ['127.0.0.1:1'],
      topicPrefix: '',
      clientId: 'test',
    }).producer();
    const [metrics, crashPoints, callbacks] = [
      new GatewayMetrics(),
      new CrashPoints(config),
      new CallbackQueue(),
    ];
    this.outcomes = new OutcomeService(dataSource, config, callbacks, metrics);
    const releases = new ReleasePublisher(dataSource, producer, crashPoints);
    const dispatch = new DispatchPublisher(
      dataSource,
      producer,
      metrics,
      crashPoints,
      new StoredMark('test'),
    );
    this.holds = new HoldService(this.outcomes, releases);
    this.batchHolds = new BatchHoldService(dataSource, dispatch, releases);
    this.batchCancels = new BatchCancelService(dataSource, this.outcomes, this.batchHolds);
    this.intake = new IntakeService(
      dataSource,
      dispatch,
      callbacks,
      metrics,
      crashPoints,
      new SenderRegistry({ senders: [...senders], auditors: [] }),
      config,
    );
    this.claims = new ClaimService(
      dataSource,
      new AttemptSignal(),
      new ConnectCrashPoints(readConnectorsConfig(env)),
    );
  }

  static async start(...senders: Sender[]): Promise<HoldRig> {
    const database = await freshDatabase(process.env.TEST_DATABASE_URL!);
    return new HoldRig(database, await createDataSource(database.url, 12).initialize(), senders);
  }

  async stop(): Promise<void> {
    await this.dataSource.destroy();
    await this.database.drop();
  }

  async accept(from: Sender, transactionId: string, raw: readonly RawLine[]): Promise<Acceptance> {
    return this.intake.accept(from, {
      transactionId,
      messageId: randomUUID(),
      callbackUrl: null,
      channel: 'rest',
      ...(await readLines(from, PROFILES[from.profile], transactionId, raw)),
    });
  }

  async rows<T>(sql: string, parameters: unknown[] = []): Promise<T[]> {
    return this.dataSource.query<T[]>(sql, parameters);
  }
}

/** What the router would write to g2p.on-hold, read. */
export function holdClaim(id: string, line: RawLine, lane = 'core-banking'): Claim {
  return {
    kind: 'hold',
    disbursementId: id,
    attemptNo: 1,
    lane,
    content: { payerFa: '', payeeFa: line.payee_fa, amount: line.amount, currencyCode: line.currency_code },
    holdReason: 'More than 100000 KES to one payee',
    record: { ...line, disbursement_id: id, lane, attempt: 1 },
  };
}

/** What the router would write to g2p.filtered-requests, read. */
export function claimRequest(
  senderId: string,
  transactionId: string,
  id: string,
  line: RawLine,
): ClaimRequest {
  return {
    disbursementId: id,
    senderId,
    transactionId,
    referenceId: line.reference_id,
    attemptNo: 1,
    lane: 'core-banking',
    money: {
      payerFa: undefined,
      payeeFa: line.payee_fa,
      amount: line.amount,
      currencyCode: line.currency_code,
    },
    railId: randomUUID(),
    reuseRefusedId: false,
  };
}

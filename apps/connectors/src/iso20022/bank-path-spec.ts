import { expect } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { eventually, type AttemptRow } from '../../../../tools/testing/record-rig-spec.js';
import type { ConnectRig } from '../../test/connect.rig-spec.js';
import { AnswerCollector } from '../connect/answer.collector.js';
import type { LaneWorker } from '../connect/lane.worker.js';
import { UnknownResolver } from '../connect/unknown.resolver.js';
import { ConnectorsConfig } from '../connectors.config.js';
import { LaneRegistry, registerLanes, type Lane } from '../lanes/lane.registry.js';
import { BankFileRepository } from './bank-file.repository.js';
import { Iso20022Connector } from './iso20022.connector.js';
import { config } from './iso20022.rig-spec.js';
import type { MockBank } from './mock-bank-spec.js';
import { userInfo } from 'node:os';

/** Accounts of mock-bank that pay. */
export const PAYERS = { ACME: 'NL41MOCK0000000001', GLOBEX: 'NL14MOCK0000000002' } as const;

export interface Sent {
  id: string;
  railId: string;
}

/** The connect step with one lane to the bank: worker, collector and resolver at work, on the real record. */
export class BankPath {
  readonly files: BankFileRepository;
  private readonly worker: LaneWorker;
  private readonly collector: AnswerCollector;
  private readonly resolver: UnknownResolver;
  private readonly connector: Iso20022Connector;

  constructor(
    private readonly rig: ConnectRig,
    bank: MockBank,
    readonly lane: string,
    payer: keyof typeof PAYERS,
  ) {
    const settings = {
      ...{
        port: bank.sshPort,
        hostKeys: [bank.hostKey],
        ordersFolder: bank.orders,
        answersFolder: bank.answers,
      },
      ...{ privateKeyFile: bank.keyFile, password: undefined, username: userInfo().username },
      ...{ defaultPayerAccount: `iban:${PAYERS[payer]}`, absentIsFinalAfterMs: 200, pollAfterMs: 100 },
    };
    this.files = new BankFileRepository(rig.record.dataSource, lane);
    this.connector = new Iso20022Connector(lane, config(settings), this.files);
    const limits = { concurrency: 100, perSecond: 1_000, leaseMs: 10_000, breakerAfter: 20 };
    const one: Lane = {
      connector: this.connector,
      config: { id: lane, connector: 'iso20022', settings, ...limits },
    };
    const times: ConnectorsConfig = Object.assign(new ConnectorsConfig(), rig.config, {
      answersIntervalMs: 40,
      pollMaxMs: 200,
      laneProbeMs: 3_600_000,
    });
    const { record, writer, metrics, signal } = rig;
    this.worker = rig.worker(one);
    const lanes = new LaneRegistry([one]);
    this.collector = new AnswerCollector(record.dataSource, lanes, times, metrics, signal);
    this.resolver = new UnknownResolver(record.dataSource, lanes, writer, times, metrics, signal);
  }

  async start(): Promise<void> {
    await registerLanes(this.rig.record.dataSource, [this.lane]);
    this.collector.onApplicationBootstrap();
    this.resolver.onApplicationBootstrap();
    this.worker.start();
  }

  async stop(): Promise<void> {
    await this.worker.stop();
    await Promise.all([this.collector.onApplicationShutdown(), this.resolver.onApplicationShutdown()]);
    await this.connector.close();
  }

  /** Queues one attempt per payee and waits until all are at the bank. */
  async send(...payees: string[]): Promise<Sent[]> {
    const sent = await this.queue(...payees);
    for (const one of sent) await this.until(one, 'accepted');
    return sent;
  }

  /** One step, so that all are in one file. */
  async queue(...payees: string[]): Promise<Sent[]> {
    const sent: Sent[] = [];
    const { record } = this.rig;
    for (const iban of payees) {
      const { id } = await record.disbursement();
      await record.rows(
        `UPDATE disbursement SET payee_fa = 'iban:' || $2, payee_scheme = 'iban', payee_id = $2, payee_provider = '',
           currency_code = 'EUR', amount_minor = 1050, payee_name = 'Amina' WHERE disbursement_id = $1`,
        [id, iban],
      );
      sent.push({ id, railId: randomUUID() });
    }
    await record.rows(
      `INSERT INTO attempt (disbursement_id, attempt_no, lane, state, rail_id)
       SELECT u.id, 1, $3, 'queued', u.rail_id FROM unnest($1::uuid[], $2::uuid[]) AS u(id, rail_id)`,
      [sent.map(({ id }) => id), sent.map(({ railId }) => railId), this.lane],
    );
    this.worker.wake();
    return sent;
  }

  async row({ id }: Sent): Promise<AttemptRow> {
    return (await this.rig.record.attemptRow(id))!;
  }

  async until(sent: Sent, state: string): Promise<Pick<AttemptRow, 'reason' | 'retryable'>> {
    const row = await eventually(
      () => this.row(sent),
      (found) => found.state === state,
      15_000,
    );
    expect(row.state).toBe(state);
    return { reason: row.reason, retryable: row.retryable };
  }

  /** The lane once it is in this state. */
  async untilLane(state: string): Promise<{ state: string; reason: string | null }> {
    return eventually(
      () => this.laneRow(),
      (row) => row.state === state,
      15_000,
    );
  }

  async laneRow(): Promise<{ state: string; reason: string | null }> {
    const [row] = await this.rig.record.rows<{ state: string; reason: string | null }>(
      'SELECT state, reason FROM lane WHERE lane = $1',
      [this.lane],
    );
    return row!;
  }
}

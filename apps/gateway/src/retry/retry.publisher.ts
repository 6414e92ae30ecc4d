import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { RecordProducer, TOPICS, scenarioHeader, type OutRecord } from '@gpo/messaging';
import { Poller, inTransaction, type Sql } from '@gpo/persistence';
import { CrashPoints } from '../health/crash-points.js';

const IDLE_MS = 500;

export interface DueRetry {
  disbursement_id: string;
  attempt_no: number;
  lane: string;
  record: Record<string, unknown>;
  /** The rules that decided on the retry. */
  scenario?: string | null;
  scenario_version?: string | null;
}

// What the last attempt said; the next one starts without it.
const RESULT_FIELDS = [
  'outcome',
  'reason',
  'retryable',
  'message',
  'rail_reference',
  'resolved_at',
  'not_before',
];

/** Publishes stored retries to g2p.filtered-requests when they are due. */
@Injectable()
export class RetryPublisher implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly poller = new Poller({ name: 'retry', idleMs: IDLE_MS, work: () => this.publishDue() });

  constructor(
    private readonly dataSource: DataSource,
    private readonly producer: RecordProducer,
    private readonly crashPoints: CrashPoints,
  ) {}

  onApplicationBootstrap(): void {
    this.poller.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.poller.stop();
  }

  private publishDue(): Promise<boolean> {
    return inTransaction(this.dataSource, async (sql: Sql) => {
      const due = await sql.query<(DueRetry & { wanted: boolean })[]>(
        `SELECT r.disbursement_id, r.attempt_no, r.lane, r.record, r.scenario, r.scenario_version,
                d.state = 'retrying' AND d.attempt_no = r.attempt_no AS wanted
           FROM retry r JOIN disbursement d USING (disbursement_id)
          WHERE r.published_at IS NULL AND r.due_at <= now()
          ORDER BY r.due_at LIMIT 500 FOR UPDATE OF r SKIP LOCKED`,
      );
      if (due.length === 0) return false;
      // The rail may have settled the earlier attempt while the retry waited.
      await this.producer.send(
        TOPICS.filteredRequests.name,
        due.filter(({ wanted }) => wanted).map(retryRecord),
      );
      this.crashPoints.reached('retry.after-send');
      await sql.query(
        `UPDATE retry r SET published_at = now() FROM unnest($1::uuid[], $2::int[]) AS u(disbursement_id, attempt_no)
          WHERE r.disbursement_id = u.disbursement_id AND r.attempt_no = u.attempt_no`,
        [due.map(({ disbursement_id }) => disbursement_id), due.map(({ attempt_no }) => attempt_no)],
      );
      return true;
    });
  }
}

/** The filtered request of the next attempt, made from the stored retry. */
export function retryRecord(retry: DueRetry): OutRecord {
  const { disbursement_id, attempt_no, lane, record, scenario, scenario_version: version } = retry;
  const request = Object.fromEntries(
    Object.entries(record).filter(([field]) => !RESULT_FIELDS.includes(field)),
  );
  const value = JSON.stringify({ ...request, lane, attempt: attempt_no });
  const headers = scenario && version ? scenarioHeader(scenario, version) : {};
  return { key: disbursement_id, value, headers };
}

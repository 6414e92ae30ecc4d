import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { RecordProducer, TOPICS } from '@gpo/messaging';
import { Poller, inTransaction, type Sql } from '@gpo/persistence';
import { CrashPoints } from '../crash-points.js';
import { AttemptSignal } from './attempt.signal.js';

const IDLE_MS = 200;
const PUBLISH_MAX = 1000;

interface Unpublished {
  outcome_seq: number;
  [field: string]: unknown;
}

/**
 * Rule K: publishes every change of an outcome to g2p.response, from rows, and marks it afterwards. A crash in between
 * publishes it again; the outcome step believes only what the attempt row says.
 */
@Injectable()
export class OutcomePublisher implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly poller = new Poller({
    name: 'outcome-publish',
    idleMs: IDLE_MS,
    work: () => this.publish(),
  });

  constructor(
    private readonly dataSource: DataSource,
    private readonly producer: RecordProducer,
    private readonly crashPoints: CrashPoints,
    signal: AttemptSignal,
  ) {
    signal.whenOutcome(() => this.poller.wake());
  }

  onApplicationBootstrap(): void {
    this.poller.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.poller.stop();
  }

  private publish(): Promise<boolean> {
    return inTransaction(this.dataSource, async (sql) => {
      const rows = await readUnpublished(sql);
      if (rows.length === 0) return false;
      this.crashPoints.reached('publish.before-send');
      await this.producer.send(TOPICS.response.name, rows.map(toRecord));
      this.crashPoints.reached('publish.after-send');
      await sql.query(
        `UPDATE attempt a SET published_seq = u.seq
           FROM unnest($1::uuid[], $2::int[], $3::int[]) AS u(disbursement_id, attempt_no, seq)
          WHERE a.disbursement_id = u.disbursement_id AND a.attempt_no = u.attempt_no AND a.published_seq < u.seq`,
        [
          rows.map((row) => row.disbursement_id),
          rows.map((row) => row.attempt),
          rows.map((row) => row.outcome_seq),
        ],
      );
      return rows.length === PUBLISH_MAX;
    });
  }
}

function readUnpublished(sql: Sql): Promise<Unpublished[]> {
  return sql.query<Unpublished[]>(
    `SELECT b.sender_id, b.transaction_id, d.reference_id, d.batch_id, a.disbursement_id, d.payer_fa, d.payee_fa,
            d.payee_scheme, d.payee_id, d.payee_provider, d.payee_name, d.amount, d.currency_code, d.note, d.purpose,
            d.scheduled_timestamp, d.violations, a.lane, a.attempt_no AS attempt,
            CASE a.state WHEN 'review' THEN 'unknown' ELSE a.state END AS outcome, a.reason, a.retryable, a.message,
            a.rail_reference, a.resolved_at, a.outcome_seq
       FROM (SELECT * FROM attempt WHERE outcome_seq > published_seq LIMIT ${PUBLISH_MAX} FOR UPDATE SKIP LOCKED) a
       JOIN disbursement d USING (disbursement_id)
       JOIN batch b USING (batch_id)`,
  );
}

/** The response value (design section 4): no field is null, times are ISO 8601. */
function toRecord(row: Unpublished): { key: string; value: string } {
  const fields = { ...row, outcome_seq: undefined };
  const value = JSON.stringify(fields, (_field, item: unknown) => item ?? undefined);
  return { key: String(row.disbursement_id), value };
}

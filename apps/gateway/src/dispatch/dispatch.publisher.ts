import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { mapInSlices } from '@gpo/g2p-connect-schemas';
import { RecordProducer, TOPICS, type OutRecord } from '@gpo/messaging';
import { Poller, WAITING, inTransaction, type Sql } from '@gpo/persistence';
import { CrashPoints } from '../health/crash-points.js';
import { GatewayMetrics } from '../health/gateway.metrics.js';
import { publishRefusals } from './message-refusal.publisher.js';
import { STORED_LINE_COLUMNS, requestRecord, type StoredLine } from './request.message.js';
import { StoredMark } from './stored-mark.js';

const RANGES_AT_ONCE = 4;
const IDLE_MS = 200;

interface Range {
  range_id: string;
  batch_id: string;
  first_line: number;
  last_line: number;
  due_at: Date;
}

/**
 * Publishes stored ranges to g2p.request when they are due; the range of a held batch waits for its release, and those
 * of a sender with a pace are the business of PacedPublisher. Rows first, then Kafka, then the mark: a crash in
 * between publishes a range again, and attempt 1 can be inserted only once.
 */
@Injectable()
export class DispatchPublisher implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly poller = new Poller({ name: 'dispatch', idleMs: IDLE_MS, work: () => this.publishDue() });

  constructor(
    private readonly dataSource: DataSource,
    private readonly producer: RecordProducer,
    private readonly metrics: GatewayMetrics,
    private readonly crashPoints: CrashPoints,
    private readonly mark: StoredMark,
  ) {}

  onApplicationBootstrap(): void {
    this.poller.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.poller.stop();
  }

  /** New ranges were committed. */
  wake(): void {
    this.poller.wake();
  }

  private async publishDue(): Promise<boolean> {
    const ranges = await inTransaction(this.dataSource, (sql) => this.publishRanges(sql));
    const refused = await inTransaction(this.dataSource, (sql) => this.publishRefusedLines(sql));
    const refusals = await inTransaction(this.dataSource, (sql) => publishRefusals(sql, this.producer));
    return ranges > 0 || refused > 0 || refusals > 0;
  }

  private async publishRanges(sql: Sql): Promise<number> {
    const ranges = await sql.query<Range[]>(
      `SELECT r.range_id, r.batch_id, r.first_line, r.last_line, r.due_at FROM dispatch_range r
        WHERE r.published_at IS NULL AND r.due_at <= now()
          AND EXISTS (SELECT FROM batch b WHERE b.batch_id = r.batch_id AND (r.released OR b.hold_mark IS NULL)
                         AND NOT EXISTS (SELECT FROM sender_quota q
                                          WHERE q.sender_id = b.sender_id AND q.dispatch_per_minute IS NOT NULL))
        ORDER BY r.due_at, r.range_id LIMIT ${RANGES_AT_ONCE} FOR UPDATE OF r SKIP LOCKED`,
    );
    if (ranges.length === 0) return 0;
    const lines = await sql.query<StoredLine[]>(
      `SELECT ${STORED_LINE_COLUMNS}
         FROM dispatch_range r
         JOIN disbursement d ON d.batch_id = r.batch_id AND d.line_no BETWEEN r.first_line AND r.last_line
                            AND d.due_at = r.due_at
         JOIN batch b ON b.batch_id = r.batch_id
        WHERE r.range_id = ANY($1) AND d.state = 'received' AND NOT ${WAITING}`,
      [ranges.map(({ range_id }) => range_id)],
    );
    this.crashPoints.reached('dispatch.before-send');
    const { headers } = this.mark;
    const records = await mapInSlices(lines, (line) => requestRecord(line, headers));
    await this.producer.send(TOPICS.request.name, records);
    this.crashPoints.reached('dispatch.after-send');
    await sql.query('UPDATE dispatch_range SET published_at = now() WHERE range_id = ANY($1)', [
      ranges.map(({ range_id }) => range_id),
    ]);
    this.metrics.dispatched(lines.length);
    return ranges.length;
  }

  /** Lines without a row of their own still appear in Malformed Input, with reason and content. */
  private async publishRefusedLines(sql: Sql): Promise<number> {
    const lines = await sql.query<RefusedLine[]>(
      `SELECT r.batch_id, r.line_no, r.reference_id, r.errors, r.line, b.sender_id, b.transaction_id
         FROM refused_line r JOIN batch b USING (batch_id)
        WHERE r.published_at IS NULL ORDER BY r.batch_id, r.line_no LIMIT 1000 FOR UPDATE OF r SKIP LOCKED`,
    );
    if (lines.length === 0) return 0;
    await this.producer.send(TOPICS.malformedInput.name, lines.map(refusedRecord));
    await sql.query(
      `UPDATE refused_line r SET published_at = now() FROM unnest($1::uuid[], $2::int[]) AS u(batch_id, line_no)
        WHERE r.batch_id = u.batch_id AND r.line_no = u.line_no`,
      [lines.map(({ batch_id }) => batch_id), lines.map(({ line_no }) => line_no)],
    );
    return lines.length;
  }
}

interface RefusedLine {
  batch_id: string;
  line_no: number;
  reference_id: string | null;
  errors: string[];
  line: unknown;
  sender_id: string;
  transaction_id: string;
}

function refusedRecord(refused: RefusedLine): OutRecord {
  const { batch_id, line_no, reference_id, errors, line, sender_id, transaction_id } = refused;
  const value = {
    sender_id,
    transaction_id,
    batch_id,
    ...(reference_id === null ? {} : { reference_id }),
    errors,
    refused_line: { line_no, line },
  };
  return { key: `${batch_id}:${line_no}`, value: JSON.stringify(value) };
}

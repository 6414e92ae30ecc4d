import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { RecordProducer, TOPICS } from '@gpo/messaging';
import { WAITING, Poller, inTransaction, type Sql } from '@gpo/persistence';
import { CrashPoints } from '../health/crash-points.js';
import { GatewayMetrics } from '../health/gateway.metrics.js';
import { SenderRegistry } from '../senders/sender-registry.js';
import { STORED_LINE_COLUMNS, requestRecord, type StoredLine } from './request.message.js';
import { StoredMark } from './stored-mark.js';

const IDLE_MS = 200;

/** A sender whose turn it is, and how many of its lines may go out now. */
interface Turn {
  sender_id: string;
  dispatch_per_minute: number;
  lines: number;
}

/**
 * Dispatch for senders of profile openg2p with a quota: their messages are always stored, and go out at its pace, over
 * all gateways together. Where a range has gone out in part, its row begins at the first line that has not: rows are
 * the only memory, so a restart changes nothing.
 */
@Injectable()
export class PacedPublisher implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly poller = new Poller({
    name: 'paced dispatch',
    idleMs: IDLE_MS,
    work: () => inTransaction(this.dataSource, (sql) => this.publishTurn(sql)),
  });

  constructor(
    private readonly dataSource: DataSource,
    private readonly producer: RecordProducer,
    private readonly metrics: GatewayMetrics,
    private readonly crashPoints: CrashPoints,
    private readonly mark: StoredMark,
    private readonly senders: SenderRegistry,
  ) {}

  /** The senders file says who has a pace; the row says it to every gateway. */
  async onApplicationBootstrap(): Promise<void> {
    const paced = this.senders.all.filter(
      ({ profile, quota }) => profile === 'openg2p' && quota !== undefined,
    );
    const ids = paced.map(({ id }) => id);
    await inTransaction(this.dataSource, async (sql) => {
      await sql.query(
        'UPDATE sender_quota SET dispatch_per_minute = NULL WHERE dispatch_per_minute IS NOT NULL AND sender_id <> ALL($1)',
        [ids],
      );
      await sql.query(
        `INSERT INTO sender_quota (sender_id, dispatch_per_minute)
         SELECT * FROM unnest($1::text[], $2::int[]) AS u(sender_id, pace) ORDER BY sender_id
         ON CONFLICT (sender_id) DO UPDATE SET dispatch_per_minute = excluded.dispatch_per_minute`,
        [ids, paced.map(({ quota }) => quota!.lines_per_minute)],
      );
    });
    if (ids.length > 0) this.poller.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.poller.stop();
  }

  private async publishTurn(sql: Sql): Promise<boolean> {
    const turn = await takeTurn(sql);
    if (turn === undefined) return false;
    const [range] = await sql.query<{ range_id: string }[]>(
      `SELECT r.range_id FROM dispatch_range r JOIN batch b USING (batch_id)
        WHERE ${DUE} AND b.sender_id = $1 ORDER BY r.due_at, r.range_id LIMIT 1 FOR UPDATE OF r SKIP LOCKED`,
      [turn.sender_id],
    );
    if (range === undefined) return false;
    const lines = await sql.query<(StoredLine & { line_no: number })[]>(
      `SELECT ${STORED_LINE_COLUMNS}, d.line_no
         FROM dispatch_range r
         JOIN disbursement d ON d.batch_id = r.batch_id AND d.line_no BETWEEN r.first_line AND r.last_line
                            AND d.due_at = r.due_at
         JOIN batch b ON b.batch_id = r.batch_id
        WHERE r.range_id = $1 AND d.state = 'received' AND NOT ${WAITING} ORDER BY d.line_no LIMIT $2`,
      [range.range_id, turn.lines],
    );
    this.crashPoints.reached('dispatch.before-send');
    const { headers } = this.mark;
    await this.producer.send(
      TOPICS.request.name,
      lines.map((line) => requestRecord(line, headers)),
    );
    this.crashPoints.reached('dispatch.after-send');
    await shorten(sql, range.range_id, lines.length < turn.lines ? undefined : lines.at(-1)!.line_no);
    await payFor(sql, turn, lines.length);
    this.metrics.dispatched(lines.length);
    return true;
  }
}

/** A range that may go out; `r` is the range, `b` its batch. */
const DUE = 'r.published_at IS NULL AND r.due_at <= now() AND (r.released OR b.hold_mark IS NULL)';

/** What was not used is saved up for a second, or for one line where the pace is slower than that. */
const SAVED_SECONDS = 'greatest(1, 60.0 / q.dispatch_per_minute)';

/** A sender that has something due and may send at least one line; nobody else takes its turn meanwhile. */
async function takeTurn(sql: Sql): Promise<Turn | undefined> {
  const [turn] = await sql.query<Turn[]>(
    `SELECT q.sender_id, q.dispatch_per_minute,
            floor(least(extract(epoch FROM now() - q.dispatch_paid_until), ${SAVED_SECONDS})
                  * q.dispatch_per_minute / 60 + 0.000001)::int AS lines
       FROM sender_quota q
      WHERE q.dispatch_paid_until <= now() - 60.0 / q.dispatch_per_minute * interval '1 second'
        AND EXISTS (SELECT FROM dispatch_range r JOIN batch b USING (batch_id)
                     WHERE b.sender_id = q.sender_id AND ${DUE})
      ORDER BY q.dispatch_paid_until LIMIT 1 FOR UPDATE OF q SKIP LOCKED`,
  );
  return turn;
}

/** @param lastLine the last line that went out; undefined = the range has no more. */
async function shorten(sql: Sql, rangeId: string, lastLine: number | undefined): Promise<void> {
  await sql.query(
    `UPDATE dispatch_range SET first_line = least($2::int + 1, last_line),
            published_at = CASE WHEN $2::int < last_line THEN NULL ELSE now() END
      WHERE range_id = $1`,
    [rangeId, lastLine ?? null],
  );
}

async function payFor(sql: Sql, { sender_id, dispatch_per_minute }: Turn, lines: number): Promise<void> {
  await sql.query(
    `UPDATE sender_quota q SET dispatch_paid_until =
              greatest(q.dispatch_paid_until, now() - ${SAVED_SECONDS} * interval '1 second') + $2 * interval '1 second'
      WHERE q.sender_id = $1`,
    [sender_id, (lines * 60) / dispatch_per_minute],
  );
}

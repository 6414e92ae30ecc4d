import { randomUUID } from 'node:crypto';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Poller, inTransaction, type Sql } from '@gpo/persistence';
import { GatewayConfig } from '../gateway.config.js';
import { FINAL_STATES } from '../outcome/states.js';
import { callbackBody, type CallbackBatch, type CallbackLine } from './callback.body.js';
import { CallbackQueue } from './callback.queue.js';
import { CallbackSender } from './callback.sender.js';

const IDLE_MS = 500;
const BATCHES_AT_ONCE = 50;

/**
 * Turns waiting lines into callbacks: up to callbackChunkItems lines each, at the latest callbackChunkMs after a
 * line became final, at once when the batch is complete. Each line is in exactly one callback, which keeps its
 * message_id over all tries.
 */
@Injectable()
export class CallbackBuilder implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly poller = new Poller({ name: 'callback', idleMs: IDLE_MS, work: () => this.buildDue() });

  constructor(
    private readonly dataSource: DataSource,
    private readonly config: GatewayConfig,
    private readonly sender: CallbackSender,
    queue: CallbackQueue,
  ) {
    queue.onWake(() => this.poller.wake());
  }

  onApplicationBootstrap(): void {
    this.poller.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.poller.stop();
  }

  private async buildDue(): Promise<boolean> {
    const due = await this.dataSource.query<{ batch_id: string }[]>(
      `SELECT i.batch_id
         FROM (SELECT batch_id, count(*) AS waiting, min(at) AS oldest FROM callback_item
                WHERE callback_id IS NULL GROUP BY batch_id) i
         JOIN batch b USING (batch_id)
        WHERE i.waiting >= $1 OR b.completed_at IS NOT NULL OR i.oldest <= now() - $2 * interval '1 millisecond'
        LIMIT ${BATCHES_AT_ONCE}`,
      [this.config.callbackChunkItems, this.config.callbackChunkMs],
    );
    for (const { batch_id } of due) await inTransaction(this.dataSource, (sql) => this.build(sql, batch_id));
    if (due.length > 0) this.sender.wake();
    return due.length > 0;
  }

  private async build(sql: Sql, batchId: string): Promise<void> {
    // One builder at a time per batch, so that versions and chunks keep their order.
    const [batch] = await sql.query<
      (CallbackBatch & { callback_url: string; version: number; loading: boolean })[]
    >(
      `SELECT batch_id, sender_id, transaction_id, correlation_id, callback_url, version, total_count AS total,
              files_loading > 0 AS loading
         FROM batch WHERE batch_id = $1 FOR UPDATE`,
      [batchId],
    );
    // Items first, counts after: a line counted as final whose item came too late only delays the closing word.
    const items = await sql.query<{ item_id: string }[]>(
      `SELECT item_id FROM callback_item WHERE batch_id = $1 AND callback_id IS NULL
        ORDER BY item_id LIMIT $2 FOR UPDATE SKIP LOCKED`,
      [batchId, this.config.callbackChunkItems],
    );
    if (batch === undefined || items.length === 0) return;
    const callbackId = randomUUID();
    const version = batch.version + 1;
    const ids = items.map(({ item_id }) => item_id);
    const lines = await readLines(sql, ids);
    await sql.query('UPDATE callback_item SET callback_id = $2 WHERE item_id = ANY($1)', [ids, callbackId]);
    const counts = await readCounts(sql, batchId);
    const body = callbackBody({ ...batch, ...counts }, lines, {
      callbackId,
      version,
      gatewayId: this.config.gatewayId,
      last: counts.waiting === 0 && !batch.loading,
    });
    await sql.query(
      'INSERT INTO callback (callback_id, batch_id, version, url, body, items) VALUES ($1, $2, $3, $4, $5, $6)',
      [callbackId, batchId, version, batch.callback_url, body, lines.length],
    );
    await sql.query('UPDATE batch SET version = $2 WHERE batch_id = $1', [batchId, version]);
  }
}

async function readLines(sql: Sql, itemIds: readonly string[]): Promise<CallbackLine[]> {
  return sql.query<CallbackLine[]>(
    `SELECT i.state AS told_state, coalesce(d.state, i.state) AS row_state, coalesce(d.updated_at, i.at) AS updated_at,
            coalesce(d.reference_id, r.reference_id) AS reference_id, coalesce(d.reason, r.errors[1]) AS reason,
            coalesce(d.message, r.message) AS message, d.amount, d.currency_code,
            CASE WHEN d.payer_absent THEN '' ELSE d.payer_fa END AS payer_fa, d.payer_name, d.payee_fa, d.payee_name,
            d.locale
       FROM callback_item i
       LEFT JOIN disbursement d ON d.disbursement_id = i.disbursement_id
       LEFT JOIN refused_line r ON r.batch_id = i.batch_id AND r.line_no = i.line_no
      WHERE i.item_id = ANY($1) ORDER BY i.item_id`,
    [itemIds],
  );
}

async function readCounts(
  sql: Sql,
  batchId: string,
): Promise<{ final: number; succeeded: number; waiting: number }> {
  const [row] = await sql.query<{ final: string; succeeded: string; waiting: string }[]>(
    `SELECT coalesce(sum(lines) FILTER (WHERE state = ANY($2)), 0) AS final,
            coalesce(sum(lines) FILTER (WHERE state = 'succeeded'), 0) AS succeeded,
            (SELECT count(*) FROM callback_item WHERE batch_id = $1 AND callback_id IS NULL) AS waiting
       FROM batch_counter WHERE batch_id = $1`,
    [batchId, FINAL_STATES],
  );
  return { final: Number(row!.final), succeeded: Number(row!.succeeded), waiting: Number(row!.waiting) };
}

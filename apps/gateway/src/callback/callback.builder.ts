import { randomUUID } from 'node:crypto';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { headJson, type Head, type HeadJson } from '@gpo/audit';
import { FIRST_ID } from '@gpo/g2p-connect-schemas';
import { Poller, inTransaction, type Sql } from '@gpo/persistence';
import { GatewayConfig } from '../gateway.config.js';
import { FINAL_STATES } from '../outcome/states.js';
import { SenderRegistry } from '../senders/sender-registry.js';
import { callbackBody, type CallbackBatch, type CallbackLine } from './callback.body.js';
import { CallbackQueue } from './callback.queue.js';
import { insertCallback } from './callback.repository.js';
import { CallbackSender } from './callback.sender.js';

const IDLE_MS = 500;
const BATCHES_AT_ONCE = 50;

/**
 * Turns waiting lines into callbacks: up to callbackChunkItems lines each, at the latest callbackChunkMs after a
 * line became final, at once when the batch is complete; for senders with callback_mode "final" only then. Each line
 * is in exactly one callback, which keeps its message_id over all tries. Where the end of a file makes a batch final and
 * no line is left to tell, a callback without lines says so.
 */
@Injectable()
export class CallbackBuilder implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly poller = new Poller({ name: 'callback', idleMs: IDLE_MS, work: () => this.buildDue() });
  private readonly onlyFinal: readonly string[];
  /** Where the last look ended, so that every batch has its turn. */
  private after = FIRST_ID;

  constructor(
    private readonly dataSource: DataSource,
    private readonly config: GatewayConfig,
    private readonly sender: CallbackSender,
    queue: CallbackQueue,
    senders: SenderRegistry,
  ) {
    queue.onWake(() => this.poller.wake());
    this.onlyFinal = senders.all.filter(({ callback_mode }) => callback_mode === 'final').map(({ id }) => id);
  }

  onApplicationBootstrap(): void {
    this.poller.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.poller.stop();
  }

  private async buildDue(): Promise<boolean> {
    const { callbackChunkItems: items, callbackChunkMs } = this.config;
    const due = await this.dataSource.query<{ batch_id: string }[]>(DUE_BATCHES, [
      items,
      callbackChunkMs,
      this.onlyFinal,
      this.after,
    ]);
    let built = 0;
    const closing = await this.dataSource.query<{ batch_id: string }[]>(CLOSING_BATCHES);
    for (const { batch_id } of [...due, ...closing]) {
      if (await inTransaction(this.dataSource, (sql) => this.build(sql, batch_id))) built += 1;
    }
    if (built > 0) this.sender.wake();
    this.after = due.length < BATCHES_AT_ONCE ? FIRST_ID : due.at(-1)!.batch_id;
    return built > 0 || this.after !== FIRST_ID;
  }

  /** @returns false where there was nothing to do, or another transaction holds the batch: it has its turn later. */
  private async build(sql: Sql, batchId: string): Promise<boolean> {
    // One builder at a time per batch, so that versions and chunks keep their order.
    const [batch] = await sql.query<
      (CallbackBatch & { callback_url: string; version: number; loading: boolean; closing: boolean })[]
    >(
      `SELECT batch_id, sender_id, transaction_id, correlation_id, callback_url, version, total_count AS total,
              files_loading > 0 AS loading, closing_due AND completed_at IS NOT NULL AS closing
         FROM batch WHERE batch_id = $1 FOR UPDATE SKIP LOCKED`,
      [batchId],
    );
    // Items first, counts after: a line counted as final whose item came too late only delays the closing word.
    const items = await sql.query<{ item_id: string }[]>(
      `SELECT item_id FROM callback_item WHERE batch_id = $1 AND callback_id IS NULL
        ORDER BY item_id LIMIT $2 FOR UPDATE SKIP LOCKED`,
      [batchId, this.config.callbackChunkItems],
    );
    if (batch === undefined || (items.length === 0 && !batch.closing)) return false;
    const callbackId = randomUUID();
    const version = batch.version + 1;
    const ids = items.map(({ item_id }) => item_id);
    const lines = await readLines(sql, ids);
    await sql.query('UPDATE callback_item SET callback_id = $2 WHERE item_id = ANY($1)', [ids, callbackId]);
    const counts = await readCounts(sql, batchId);
    const { gatewayId } = this.config;
    const audit = await readHeadBehind(sql, ids[0]);
    const head = { callbackId, version, gatewayId, last: !counts.waiting && !batch.loading, audit };
    const body = callbackBody({ ...batch, ...counts }, lines, head);
    await insertCallback(sql, {
      callbackId,
      senderId: batch.sender_id,
      verb: 'on-disburse',
      url: batch.callback_url,
      batchId,
      version,
      body,
      items: lines.length,
    });
    const closes = head.last && counts.final === batch.total;
    await sql.query(
      'UPDATE batch SET version = $2, closing_due = closing_due AND NOT $3::boolean WHERE batch_id = $1',
      [batchId, version, closes],
    );
    return true;
  }
}

// Batches with waiting lines are found in the index one by one, and of each only as many lines are looked at as decide.
const DUE_BATCHES = `
  WITH RECURSIVE waiting (batch_id) AS (
    (SELECT batch_id FROM callback_item WHERE callback_id IS NULL AND batch_id > $4 ORDER BY batch_id LIMIT 1)
    UNION ALL
    SELECT (SELECT i.batch_id FROM callback_item i WHERE i.callback_id IS NULL AND i.batch_id > waiting.batch_id
             ORDER BY i.batch_id LIMIT 1)
      FROM waiting WHERE waiting.batch_id IS NOT NULL
  )
  SELECT b.batch_id FROM waiting JOIN batch b USING (batch_id)
   WHERE b.completed_at IS NOT NULL
      OR (b.sender_id <> ALL($3)
          AND ((SELECT i.at FROM callback_item i WHERE i.batch_id = b.batch_id AND i.callback_id IS NULL
                 ORDER BY i.item_id LIMIT 1) <= now() - $2 * interval '1 millisecond'
               OR EXISTS (SELECT FROM callback_item i WHERE i.batch_id = b.batch_id AND i.callback_id IS NULL
                           ORDER BY i.item_id OFFSET $1::int - 1 LIMIT 1)))
   ORDER BY b.batch_id LIMIT ${BATCHES_AT_ONCE}`;

// Batches whose last rows added nothing: a callback without lines says that they are final.
const CLOSING_BATCHES = `
  SELECT b.batch_id FROM batch b
   WHERE b.closing_due AND b.completed_at IS NOT NULL
     AND NOT EXISTS (SELECT FROM callback_item i WHERE i.batch_id = b.batch_id AND i.callback_id IS NULL)
   LIMIT ${BATCHES_AT_ONCE}`;

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

/** The link of the audit chain that holds the latest change of the line behind this item. */
async function readHeadBehind(sql: Sql, itemId: string | undefined): Promise<HeadJson | undefined> {
  const [head] = await sql.query<(Omit<Head, 'link'> & { link: string })[]>(
    `SELECT l.chain, l.link::text AS link, l.hash
       FROM callback_item i
       JOIN LATERAL (SELECT chain, link FROM history h WHERE h.disbursement_id = i.disbursement_id
                      ORDER BY history_id DESC LIMIT 1) h ON true
       JOIN audit_link l ON l.chain = h.chain AND l.link = h.link
      WHERE i.item_id = $1`,
    [itemId ?? null],
  );
  return head && headJson({ ...head, link: Number(head.link) });
}

async function readCounts(
  sql: Sql,
  batchId: string,
): Promise<{ final: number; succeeded: number; waiting: boolean }> {
  const [row] = await sql.query<{ final: string; succeeded: string; waiting: boolean }[]>(
    `SELECT coalesce(sum(lines) FILTER (WHERE state = ANY($2)), 0) AS final,
            coalesce(sum(lines) FILTER (WHERE state = 'succeeded'), 0) AS succeeded,
            EXISTS (SELECT FROM callback_item WHERE batch_id = $1 AND callback_id IS NULL) AS waiting
       FROM batch_counter WHERE batch_id = $1`,
    [batchId, FINAL_STATES],
  );
  return { final: Number(row!.final), succeeded: Number(row!.succeeded), waiting: row!.waiting };
}

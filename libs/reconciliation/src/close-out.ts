import { createHash } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { headJson, type Head } from '@gpo/audit';
import { inTransaction, utcText, type Sql } from '@gpo/persistence';
import { amountText } from './amount-text.js';
import { batchLines } from './batch-lines.js';
import { readBreaks } from './break.reader.js';
import { readObstacles, type Obstacles } from './close-out.obstacles.js';

/** Who closes, why, and why payments that no statement told may be left at that. */
export interface Closing {
  batchId: string;
  actor: string;
  reason: string;
  acceptUnmatched?: string;
}

/** An event of a batch's close-out; `document` is canonical JSON, `signature` a detached JWS (RFC 7515, appendix F) over its bytes. */
export interface CloseOutEvent {
  batch_id: string;
  nth: number;
  event: 'closed' | 'reopened';
  at: string;
  actor: string;
  reason: string;
  document: string | null;
  signature: string | null;
}

export type Sign = (document: string) => Promise<string>;

export type Closed = { done: true; event: CloseOutEvent } | { done: false; obstacles: Obstacles };

const BREAKS_MAX = 100_000;

/**
 * Closes a batch where everything of it is final, matched and explained: its totals, the hash of its lines, its breaks and the heads of the
 * audit chain are signed. Closing it again changes nothing. @returns undefined where there is no such batch.
 */
export function closeBatch(record: DataSource, closing: Closing, sign: Sign): Promise<Closed | undefined> {
  // READ COMMITTED: what is read after the lock must be what stands after it.
  return inTransaction(record, async (sql) => {
    const { batchId, actor, reason } = closing;
    const batch = await lockBatch(sql, batchId);
    if (batch === undefined) return undefined;
    const last = await lastEvent(sql, batchId);
    if (last?.event === 'closed') return { done: true, event: last };
    const obstacles = await readObstacles(sql, batchId);
    const { openLines, openAttempts, openBreaks, unmatched } = obstacles;
    if (openLines + openAttempts + openBreaks > 0) return { done: false, obstacles };
    if (unmatched > 0 && closing.acceptUnmatched === undefined) return { done: false, obstacles };
    const document = await documentOf(sql, batch, closing, unmatched);
    const signature = await sign(document);
    await write(sql, { batchId, event: 'closed', actor, reason, document, signature });
    return { done: true, event: (await lastEvent(sql, batchId))! };
  });
}

/** @returns false where the batch is not closed. */
export function reopenBatch(
  record: DataSource,
  { batchId, actor, reason }: Closing,
): Promise<CloseOutEvent | undefined> {
  return inTransaction(record, async (sql) => {
    await lockBatch(sql, batchId);
    if ((await lastEvent(sql, batchId))?.event !== 'closed') return undefined;
    await write(sql, { batchId, event: 'reopened', actor, reason, document: null, signature: null });
    return lastEvent(sql, batchId);
  });
}

const EVENT = `batch_id, nth, event, ${utcText('at')} AS at, actor, reason, document, signature`;

/** Every close-out and reopening of a batch, the first first. */
export function readCloseOuts(sql: Sql, batchId: string): Promise<CloseOutEvent[]> {
  return sql.query<CloseOutEvent[]>(`SELECT ${EVENT} FROM close_out WHERE batch_id = $1 ORDER BY nth`, [
    batchId,
  ]);
}

async function lastEvent(sql: Sql, batchId: string): Promise<CloseOutEvent | undefined> {
  const [last] = await sql.query<CloseOutEvent[]>(
    `SELECT ${EVENT} FROM close_out WHERE batch_id = $1 ORDER BY nth DESC LIMIT 1`,
    [batchId],
  );
  return last;
}

interface LockedBatch {
  batch_id: string;
  sender_id: string;
  transaction_id: string;
  received_at: string;
  completed_at: string | null;
  total_count: number;
}

async function lockBatch(sql: Sql, batchId: string): Promise<LockedBatch | undefined> {
  const [batch] = await sql.query<LockedBatch[]>(
    `SELECT batch_id, sender_id, transaction_id, ${utcText('received_at')} AS received_at, ${utcText('completed_at')} AS completed_at, total_count
       FROM batch WHERE batch_id = $1 FOR NO KEY UPDATE`,
    [batchId],
  );
  return batch;
}

async function write(
  sql: Sql,
  event: Pick<CloseOutEvent, 'event' | 'actor' | 'reason' | 'document' | 'signature'> & { batchId: string },
): Promise<void> {
  await sql.query(
    `INSERT INTO close_out (batch_id, nth, event, actor, reason, document, signature)
     SELECT $1, coalesce(max(nth), 0) + 1, $2, $3, $4, $5, $6 FROM close_out WHERE batch_id = $1`,
    [event.batchId, event.event, event.actor, event.reason, event.document, event.signature],
  );
}

/** What is signed, as JSON with sorted keys and no spaces. docs/close-out.md describes the fields. */
async function documentOf(
  sql: Sql,
  batch: LockedBatch,
  { actor, reason, acceptUnmatched, batchId }: Closing,
  unmatched: number,
): Promise<string> {
  const digest = createHash('sha256');
  let lines = 0;
  for await (const texts of batchLines(sql, batchId)) {
    lines += texts.length;
    for (const text of texts) digest.update(`${text}\n`);
  }
  const breaks = await readBreaks(sql, { batchId, limit: BREAKS_MAX });
  return canonical({
    format: 1,
    ...batch,
    closed_at: new Date().toISOString(),
    closed_by: actor,
    reason,
    totals: await readTotals(sql, batchId),
    lines,
    lines_sha256: digest.digest('hex'),
    unmatched: unmatched === 0 ? null : { payments: unmatched, accepted_because: acceptUnmatched! },
    breaks: breaks.map(({ break_id, kind, state, settled_by, reason: why }) => ({
      break_id,
      kind,
      state,
      settled_by,
      reason: why,
    })),
    statements: await readStatementsOf(sql, batchId),
    audit: await readHeads(sql),
  });
}

/** Lines and their sum by state and currency. Amounts are decimal text. */
export interface BatchTotal {
  state: string;
  currency_code: string;
  lines: string;
  amount: string;
}

export async function readTotals(sql: Sql, batchId: string): Promise<BatchTotal[]> {
  const rows = await sql.query<BatchTotal[]>(
    `SELECT state, currency_code, sum(lines)::text AS lines, sum(amount_minor)::text AS amount
       FROM batch_counter WHERE batch_id = $1 GROUP BY state, currency_code HAVING sum(lines) <> 0 ORDER BY state, currency_code`,
    [batchId],
  );
  return rows.map((row) => ({ ...row, amount: amountText(row.amount, row.currency_code) }));
}

/** The statements that tell payments of a batch, with the hashes of their files. */
export function readStatementsOf(
  sql: Sql,
  batchId: string,
): Promise<{ statement_id: string; name: string; file_sha256: string }[]> {
  return sql.query(
    `SELECT s.statement_id, s.name, encode(s.file_digest, 'hex') AS file_sha256 FROM statement s
      WHERE s.statement_id IN (SELECT b.statement_id FROM disbursement d JOIN booking b ON b.disbursement_id = d.disbursement_id WHERE d.batch_id = $1)
      ORDER BY s.imported_at, s.statement_id`,
    [batchId],
  );
}

async function readHeads(sql: Sql): Promise<object[]> {
  const heads = await sql.query<(Omit<Head, 'link'> & { link: string })[]>(
    'SELECT chain, link, hash FROM audit_head WHERE link > 0 ORDER BY chain',
  );
  return heads.map(({ link, ...head }) => headJson({ ...head, link: Number(link) }));
}

/** Compact JSON with sorted keys (RFC 8785 for values that are texts, whole numbers, booleans and null). */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`).join(',')}}`;
}

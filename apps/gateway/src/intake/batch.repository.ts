import { contentDigest } from '@gpo/g2p-connect-schemas';
import type { CopyValue, Sql } from '@gpo/persistence';
import { ApiError } from '../api-error.js';

/** A line as it is stored. Amounts are minor units; `amountMinor` is null where the text is not an amount. */
export interface NewLine {
  disbursementId: string;
  lineNo: number;
  referenceId: string;
  digest: Buffer;
  payerFa: string;
  /** The message names no payer, so that of a row it meets stands for it (rule B), and it is told so again (D23). */
  payerAbsent: boolean;
  payeeFa: string;
  payeeScheme: string;
  payeeId: string;
  payeeProvider: string;
  payerName: string | null;
  payeeName: string | null;
  amount: string;
  amountMinor: bigint | null;
  currencyCode: string;
  exponent: number | null;
  note: string | null;
  purpose: string | null;
  instruction: string | null;
  locale: string | null;
  scheduledTimestamp: string | null;
  /** When it is to be dispatched; undefined = at once. */
  dueAt: Date | null;
  violations: readonly string[];
  /** Its payee is a beneficiary id, which a mapper has yet to resolve; absent = an address. */
  unresolved?: boolean;
  /** Its own record stands on g2p.request and is routed from there, so that dispatch has nothing to publish. */
  routed?: boolean;
}

export interface NewBatch {
  batchId: string;
  senderId: string;
  transactionId: string;
  correlationId: string;
  messageId: string;
  contentDigest: Buffer;
  channel: 'rest' | 'kafka';
  callbackUrl: string | null;
}

export interface StoredBatch {
  batch_id: string;
  correlation_id: string;
  content_digest: Buffer;
  callback_url: string | null;
  total_count: number;
}

/**
 * Makes the batch, or finds the one that exists and locks it. Two gateways with the same batch at the same instant:
 * the second waits here for the first one's commit. The conflict names no index: with the key alone named, two that
 * meet between the check and the insertion make the other unique index (sender, transaction) refuse the second.
 * @throws ApiError err.transaction.purged: its lines are gone, so that nobody could tell a known one from a new one.
 */
export async function openBatch(sql: Sql, batch: NewBatch): Promise<{ stored: StoredBatch; isNew: boolean }> {
  const inserted = await sql.query<StoredBatch[]>(
    `INSERT INTO batch (batch_id, sender_id, transaction_id, correlation_id, message_id, content_digest, channel,
                        callback_url, total_count)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)
     ON CONFLICT DO NOTHING
     RETURNING batch_id, correlation_id, content_digest, callback_url, total_count`,
    [
      batch.batchId,
      batch.senderId,
      batch.transactionId,
      batch.correlationId,
      batch.messageId,
      batch.contentDigest,
      batch.channel,
      batch.callbackUrl,
    ],
  );
  if (inserted[0] !== undefined) return { stored: inserted[0], isNew: true };
  const [stored] = await sql.query<(StoredBatch & { purged: boolean })[]>(
    `SELECT batch_id, correlation_id, content_digest, callback_url, total_count, purged_at IS NOT NULL AS purged FROM batch
      WHERE batch_id = $1 FOR UPDATE`,
    [batch.batchId],
  );
  if (stored!.purged)
    throw new ApiError(
      'err.transaction.purged',
      `Transaction ${batch.transactionId} ended long ago and was purged: nothing can be added to it.`,
    );
  if (stored!.callback_url === null && batch.callbackUrl !== null) {
    // The batch began on Kafka without an address; the first message that names one sets it.
    await sql.query('UPDATE batch SET callback_url = $2 WHERE batch_id = $1', [
      batch.batchId,
      batch.callbackUrl,
    ]);
    stored!.callback_url = batch.callbackUrl;
  }
  return { stored: stored!, isNew: false };
}

export interface StoredContent {
  disbursement_id: string;
  reference_id: string;
  payer_fa: string;
  digest: Buffer;
  line_no: number;
}

/** What fixes the meaning of those lines that are stored already. */
export async function storedContents(
  sql: Sql,
  disbursementIds: readonly string[],
): Promise<Map<string, StoredContent>> {
  const rows = await sql.query<StoredContent[]>(
    `SELECT disbursement_id, reference_id, payer_fa, digest, line_no FROM disbursement
      WHERE disbursement_id = ANY($1)`,
    [disbursementIds],
  );
  return new Map(rows.map((row) => [row.disbursement_id, row]));
}

/** Rule B: the same reference with the same payer, payee, amount and currency. */
export function isSameContent(line: NewLine, stored: StoredContent): boolean {
  if (stored.reference_id !== line.referenceId) return false;
  const digest = line.payerAbsent ? contentDigest({ ...line, payerFa: stored.payer_fa }) : line.digest;
  return digest.equals(stored.digest);
}

/** Columns that rowOf fills. */
export const LINE_COLUMNS = `disbursement (batch_id, disbursement_id, line_no, reference_id, digest, payer_fa, payee_fa, payee_scheme,
  payee_id, payee_provider, payer_name, payee_name, amount, amount_minor, currency_code, exponent, note, purpose,
  instruction, locale, scheduled_timestamp, due_at, violations, payer_absent, unresolved)`;

/** A line as RowCopy takes it. @param now of the transaction: lines that are due at once share one instant, by which they are published together. */
export function rowOf(batchId: string, line: NewLine, now: string): CopyValue[] {
  return [
    batchId,
    line.disbursementId,
    line.lineNo,
    line.referenceId,
    `\\x${line.digest.toString('hex')}`,
    line.payerFa,
    line.payeeFa,
    line.payeeScheme,
    line.payeeId,
    line.payeeProvider,
    line.payerName,
    line.payeeName,
    line.amount,
    line.amountMinor?.toString() ?? null,
    line.currencyCode,
    line.exponent,
    line.note,
    line.purpose,
    line.instruction,
    line.locale,
    line.scheduledTimestamp,
    line.dueAt?.toISOString() ?? now,
    `{${line.violations.join(',')}}`,
    line.payerAbsent,
    line.unresolved === true,
  ];
}

const LINES_PER_RANGE = 1000;

/**
 * Dispatch ranges: runs of at most 1,000 lines that are due at the same instant. Direct requests are on g2p.request
 * already; of them only those are published that cannot be routed from there (bad, or not due yet).
 * @param onlyLines the lines to publish; undefined = all from first to last.
 */
export async function insertRanges(
  sql: Sql,
  batchId: string,
  lines: { first: number; last: number },
  onlyLines: readonly number[] | undefined,
): Promise<void> {
  await sql.query(
    `INSERT INTO dispatch_range (batch_id, first_line, last_line, due_at)
     SELECT batch_id, min(line_no), max(line_no), due_at
       FROM (SELECT batch_id, line_no, due_at,
                    CASE WHEN $4::int[] IS NOT NULL
                         THEN line_no - row_number() OVER (PARTITION BY due_at ORDER BY line_no) END AS run
               FROM disbursement
              WHERE batch_id = $1 AND line_no BETWEEN $2 AND $3
                AND ($4::int[] IS NULL OR line_no = ANY($4))) l
      GROUP BY batch_id, due_at, line_no / ${LINES_PER_RANGE}, run
      ORDER BY min(line_no)`,
    [batchId, lines.first, lines.last, onlyLines ?? null],
  );
}

/** Adds to the batch's total; a complete batch is open again. */
export async function growBatch(
  sql: Sql,
  batchId: string,
  lines: number,
  channel: 'rest' | 'kafka',
): Promise<void> {
  await sql.query(
    `UPDATE batch SET total_count = total_count + $2, last_line_at = now(), completed_at = NULL,
            channel = CASE WHEN $3 = 'kafka' THEN 'kafka' ELSE channel END
      WHERE batch_id = $1`,
    [batchId, lines, channel],
  );
}

/** What a sender is told of its own line, whatever became of it. */
export function toldContent(line: NewLine) {
  return {
    amount: line.amount,
    currency_code: line.currencyCode,
    // D23: a payer that was left empty is told back empty.
    payer_fa: line.payerAbsent ? '' : line.payerFa,
    payer_name: line.payerName,
    payee_fa: line.payeeFa,
    payee_name: line.payeeName,
    locale: line.locale,
  };
}

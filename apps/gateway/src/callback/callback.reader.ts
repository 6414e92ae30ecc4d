import { utcText, type Sql } from '@gpo/persistence';
import type { PagePosition } from '../status/page-position.js';
import type { CallbackDto, CallbackResendDto, CallbackTryDto } from './callback.dto.js';

/** What callbacks a list shows. */
export const CALLBACK_STATES = ['waiting', 'pending', 'delivered', 'failed'] as const;
export type CallbackState = (typeof CALLBACK_STATES)[number];

export interface CallbackFilter {
  callbackId?: string;
  senderId?: string;
  batchId?: string;
  state?: CallbackState;
  /** Position after which the page begins. */
  after?: PagePosition;
  limit: number;
}

/** A callback, its place in the order, and where its schedule stands. */
export interface FoundCallback {
  position: string;
  schedule_start: number;
  callback: CallbackDto;
}

const STATE = `CASE WHEN delivered_at IS NOT NULL THEN 'delivered' WHEN failed_at IS NOT NULL THEN 'failed'
                    WHEN next_at IS NULL THEN 'waiting' ELSE 'pending' END`;

const CONDITION_OF_STATE: Readonly<Record<CallbackState, string>> = {
  waiting: 'delivered_at IS NULL AND failed_at IS NULL AND next_at IS NULL',
  pending: 'next_at IS NOT NULL',
  delivered: 'delivered_at IS NOT NULL',
  failed: 'failed_at IS NOT NULL',
};

type Row = Omit<CallbackDto, 'created_at' | 'next_at' | 'delivered_at' | 'failed_at'> & {
  created_at: Date;
  next_at: Date | null;
  delivered_at: Date | null;
  failed_at: Date | null;
  position: string;
  schedule_start: number;
};

/** Callbacks, newest first, in keyset pages. */
export async function readCallbacks(sql: Sql, filter: CallbackFilter): Promise<FoundCallback[]> {
  const rows = await sql.query<Row[]>(
    `SELECT callback_id, verb, sender_id, batch_id, question_id, version, split_part(receiver, ' ', -1) AS host,
            ${STATE} AS state, items, tries, created_at, next_at, delivered_at, failed_at, last_error, schedule_start,
            ${utcText('created_at')} AS position
       FROM callback
      WHERE ($1::uuid IS NULL OR callback_id = $1) AND ($2::text IS NULL OR sender_id = $2)
        AND ($3::uuid IS NULL OR batch_id = $3)
        AND ($4::timestamptz IS NULL OR (created_at, callback_id) < ($4, $5::uuid))
        AND ${filter.state === undefined ? 'true' : CONDITION_OF_STATE[filter.state]}
      ORDER BY created_at DESC, callback_id DESC LIMIT $6`,
    [
      filter.callbackId ?? null,
      filter.senderId ?? null,
      filter.batchId ?? null,
      filter.after?.at ?? null,
      filter.after?.id ?? null,
      filter.limit,
    ],
  );
  return rows.map(({ position, schedule_start, ...row }) => ({
    position,
    schedule_start,
    callback: {
      ...row,
      created_at: row.created_at.toISOString(),
      next_at: row.next_at?.toISOString() ?? null,
      delivered_at: row.delivered_at?.toISOString() ?? null,
      failed_at: row.failed_at?.toISOString() ?? null,
    },
  }));
}

/** The tries of a callback, as they ended. */
export async function readTries(sql: Sql, callbackId: string): Promise<CallbackTryDto[]> {
  const rows = await sql.query<(Omit<CallbackTryDto, 'at'> & { at: Date })[]>(
    'SELECT try_no, at, http_status, reason FROM callback_try WHERE callback_id = $1 ORDER BY try_no',
    [callbackId],
  );
  return rows.map((row) => ({ ...row, at: row.at.toISOString() }));
}

/** Who had a callback sent again, and why. */
export async function readResends(sql: Sql, callbackId: string): Promise<CallbackResendDto[]> {
  const rows = await sql.query<(Omit<CallbackResendDto, 'at'> & { at: Date })[]>(
    'SELECT resent_by, reason, at FROM callback_resend WHERE callback_id = $1 ORDER BY resend_id',
    [callbackId],
  );
  return rows.map((row) => ({ ...row, at: row.at.toISOString() }));
}

/** Which callbacks are sent again, and on whose word. */
export interface Resend {
  /** One that is pending or failed; or every failed one of a sender. */
  which: { callbackId: string } | { failedOf: string };
  operatorId: string;
  reason: string;
}

/**
 * Makes callbacks due now and begins their schedule anew, with who decided it and why, in one statement. One whose
 * latest try has not ended stays as it is: it would be sent twice at the same time.
 * @returns how many.
 */
export async function resendCallbacks(sql: Sql, { which, operatorId, reason }: Resend): Promise<number> {
  const condition =
    'callbackId' in which
      ? `callback_id = $1::uuid AND (failed_at IS NOT NULL OR (next_at IS NOT NULL AND (tries = 0 OR EXISTS (
           SELECT FROM callback_try t WHERE t.callback_id = callback.callback_id AND t.try_no = callback.tries))))`
      : 'sender_id = $1 AND failed_at IS NOT NULL';
  const rows = await sql.query<unknown[]>(
    `WITH again AS (
       UPDATE callback SET failed_at = NULL, next_at = now(), schedule_start = tries WHERE ${condition}
       RETURNING callback_id)
     INSERT INTO callback_resend (callback_id, resent_by, reason) SELECT callback_id, $2, $3 FROM again
     RETURNING callback_id`,
    ['callbackId' in which ? which.callbackId : which.failedOf, operatorId, reason],
  );
  return rows.length;
}

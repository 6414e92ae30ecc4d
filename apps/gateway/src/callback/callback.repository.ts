import type { Sql } from '@gpo/persistence';
import type { CallbackVerb } from '../intake/callback-url.js';

/** A callback as it is first stored. It belongs to a batch, or answers a question. */
export interface NewCallback {
  /** The message_id of the callback, over all tries. */
  callbackId: string;
  senderId: string;
  verb: CallbackVerb;
  url: string;
  batchId?: string;
  questionId?: string;
  /** Rises with each callback of a batch; 1 for an answer. */
  version: number;
  /** null = made when it is first sent, and fixed then. */
  body: string | null;
  /** Lines it tells. */
  items: number;
}

/** A callback whose turn it is, taken by this process. */
export interface DueCallback {
  callback_id: string;
  question_id: string | null;
  batch_id: string | null;
  sender_id: string;
  receiver: string;
  url: string;
  body: string | null;
  /** Number of this try; a result counts only while it is the latest. */
  tries: number;
  /** Tries before the schedule last began: an operator sent it again. */
  schedule_start: number;
}

/** How many callbacks may go to a receiver now, where that differs from the usual. */
export interface ReceiverSlots {
  receiver: string;
  free: number;
}

/**
 * Whose queue a callback waits in: one per sender and host. The port is left out, so that their number is bounded by
 * the senders file, whatever addresses messages name.
 */
export function receiverOf(senderId: string, url: string): string {
  return `${senderId} ${new URL(url).hostname}`;
}

/**
 * Stores a callback. Those of one batch go out one after the other, so it is due at once only where no earlier one is
 * open. The caller holds the row of the batch.
 */
export async function insertCallback(sql: Sql, callback: NewCallback): Promise<void> {
  const { batchId = null, questionId = null } = callback;
  await sql.query(
    `INSERT INTO callback (callback_id, sender_id, verb, receiver, url, batch_id, question_id, version, body, items,
                           next_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,
             CASE WHEN EXISTS (SELECT FROM callback e WHERE e.batch_id = $6 AND e.delivered_at IS NULL
                                  AND e.failed_at IS NULL) THEN NULL ELSE now() END)`,
    [
      callback.callbackId,
      callback.senderId,
      callback.verb,
      receiverOf(callback.senderId, callback.url),
      callback.url,
      batchId,
      questionId,
      callback.version,
      callback.body,
      callback.items,
    ],
  );
}

/** The receivers with callbacks whose turn it is, found in the index one by one: a long queue costs what a short one does. */
const RECEIVERS = `
  RECURSIVE due (receiver) AS (
    (SELECT receiver FROM callback WHERE next_at IS NOT NULL ORDER BY receiver LIMIT 1)
    UNION ALL
    SELECT (SELECT c.receiver FROM callback c WHERE c.next_at IS NOT NULL AND c.receiver > due.receiver
             ORDER BY c.receiver LIMIT 1)
      FROM due WHERE due.receiver IS NOT NULL
  )`;

/**
 * Takes callbacks that are due, those that waited longest first, from each receiver only as many as it has free
 * slots: a receiver that hangs is passed over as soon as its own slots are full. They are leased for longer than a
 * try takes, so that two gateways never send the same one at the same time.
 * @param usual slots of a receiver that is not in `slots`.
 */
export async function takeDue(
  sql: Sql,
  { usual, slots, limit, leaseMs }: { usual: number; slots: ReceiverSlots[]; limit: number; leaseMs: number },
): Promise<DueCallback[]> {
  const [rows] = await sql.query<[DueCallback[], number]>(
    `WITH ${RECEIVERS}, candidate AS MATERIALIZED (
       SELECT c.callback_id, c.next_at
         FROM (SELECT due.receiver, coalesce(u.free, $1) AS free
                 FROM due LEFT JOIN unnest($2::text[], $3::int[]) AS u (receiver, free) USING (receiver)
                WHERE due.receiver IS NOT NULL) r
        CROSS JOIN LATERAL (
          SELECT f.callback_id, f.next_at FROM callback f
           WHERE f.receiver = r.receiver AND f.next_at <= now()
           ORDER BY f.next_at LIMIT r.free) c
        ORDER BY c.next_at LIMIT $4),
     chosen AS (
       SELECT f.callback_id FROM callback f
        WHERE f.callback_id IN (SELECT callback_id FROM candidate) AND f.next_at <= now()
          FOR UPDATE SKIP LOCKED)
     UPDATE callback c SET tries = c.tries + 1, next_at = now() + $5 * interval '1 millisecond'
       FROM chosen WHERE c.callback_id = chosen.callback_id
     RETURNING c.callback_id, c.question_id, c.batch_id, c.sender_id, c.receiver, c.url, c.body, c.tries,
               c.schedule_start`,
    [usual, slots.map(({ receiver }) => receiver), slots.map(({ free }) => free), limit, leaseMs],
  );
  return rows;
}

/** What became of one try. */
export interface TryResult {
  callbackId: string;
  batchId: string | null;
  tryNo: number;
  at: Date;
  /** null where no answer came. */
  httpStatus: number | null;
  /** Why it was not taken; null = delivered. */
  reason: string | null;
  /** Until the next try; null after the last one, and where it was delivered. */
  waitSeconds: number | null;
}

/**
 * Writes the results of tries; the next callback of a batch is due where one was delivered or has failed. A failure
 * counts only for the latest try; a delivery always, because the receiver has it. Results of batches whose row another
 * transaction holds are left for later, so that a long one keeps nobody else waiting.
 * @returns the callbacks whose results are written.
 */
export async function markTries(sql: Sql, results: readonly TryResult[]): Promise<Set<string>> {
  const batches = [...new Set(results.flatMap(({ batchId }) => batchId ?? []))];
  const locked = await sql.query<{ batch_id: string }[]>(
    'SELECT batch_id FROM batch WHERE batch_id = ANY($1) ORDER BY batch_id FOR UPDATE SKIP LOCKED',
    [batches],
  );
  const held = new Set(locked.map(({ batch_id }) => batch_id));
  const mine = results.filter(({ batchId }) => batchId === null || held.has(batchId));
  if (mine.length === 0) return new Set();
  const closed = await sql.query<{ batch_id: string | null }[]>(MARK, [
    mine.map(({ callbackId }) => callbackId),
    mine.map(({ tryNo }) => tryNo),
    mine.map(({ at }) => at),
    mine.map(({ httpStatus }) => httpStatus),
    mine.map(({ reason }) => reason),
    mine.map(({ waitSeconds }) => waitSeconds),
  ]);
  await sql.query(NEXT_OF_BATCH, [closed.flatMap(({ batch_id }) => batch_id ?? [])]);
  return new Set(mine.map(({ callbackId }) => callbackId));
}

const MARK = `
  WITH result AS (
    SELECT * FROM unnest($1::uuid[], $2::int[], $3::timestamptz[], $4::int[], $5::text[], $6::float8[])
      AS u (callback_id, try_no, at, http_status, reason, wait)),
  tried AS (
    INSERT INTO callback_try (callback_id, try_no, at, http_status, reason)
    SELECT callback_id, try_no, at, http_status, reason FROM result ON CONFLICT DO NOTHING),
  marked AS (
    UPDATE callback c
       SET delivered_at = CASE WHEN r.reason IS NULL THEN now() END,
           failed_at = CASE WHEN r.reason IS NOT NULL AND r.wait IS NULL THEN now() END,
           next_at = now() + r.wait * interval '1 second',
           body = CASE WHEN r.reason IS NULL THEN NULL ELSE c.body END,
           last_error = r.reason
      FROM result r
     WHERE c.callback_id = r.callback_id AND c.delivered_at IS NULL
       AND (r.reason IS NULL OR (c.tries = r.try_no AND c.failed_at IS NULL))
    RETURNING c.batch_id, c.version, c.delivered_at, c.failed_at),
  told AS (
    UPDATE batch b SET sent_version = GREATEST(b.sent_version, m.version)
      FROM (SELECT batch_id, max(version) AS version FROM marked WHERE delivered_at IS NOT NULL GROUP BY batch_id) m
     WHERE b.batch_id = m.batch_id)
  SELECT DISTINCT batch_id FROM marked
   WHERE batch_id IS NOT NULL AND (delivered_at IS NOT NULL OR failed_at IS NOT NULL)`;

const NEXT_OF_BATCH = `
  UPDATE callback c SET next_at = now()
    FROM unnest($1::uuid[]) AS b (batch_id)
   CROSS JOIN LATERAL (
     SELECT o.callback_id FROM callback o
      WHERE o.batch_id = b.batch_id AND o.delivered_at IS NULL AND o.failed_at IS NULL
      ORDER BY o.version LIMIT 1) first
   WHERE c.callback_id = first.callback_id AND c.next_at IS NULL`;

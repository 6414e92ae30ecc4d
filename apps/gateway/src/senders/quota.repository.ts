import { ADVISORY_LOCKS, type Sql } from '@gpo/persistence';
import { ApiError } from '../api-error.js';
import type { Sender } from './sender.js';

const WINDOW_SECONDS = 60;

/** True where a message over the quota is refused. Profile openg2p never sends again, so there the quota limits dispatch. */
function refuses(sender: Sender): boolean {
  return sender.profile === 'strict' && sender.quota !== undefined;
}

/**
 * To be called first: counts this transaction among the sender's requests at once, over all gateways. Its slot is free
 * again when the transaction ends, however it ends. Looks at the lines owed as well, so that a message that cannot pass
 * costs nothing more; not where its transaction is known: what is sent again adds nothing, and must be answered.
 * @throws ApiError err.request.too_many_requests
 */
export async function admitRequest(sql: Sql, sender: Sender, batchId: string, lines: number): Promise<void> {
  if (!refuses(sender)) return;
  const known = await sql.query<unknown[]>('SELECT FROM batch WHERE batch_id = $1', [batchId]);
  if (known.length === 0) await refuseOver(sql, sender, lines, 1);
  const slots = sender.quota?.requests_at_once;
  if (slots === undefined) return;
  const taken = await sql.query<unknown[]>(
    `SELECT slot FROM generate_series(1, $3::int) AS slot
      WHERE pg_try_advisory_xact_lock($1::int, hashtext($2::text || ' ' || slot)) LIMIT 1`,
    [ADVISORY_LOCKS.senderRequest, sender.id, slots],
  );
  if (taken.length === 0)
    throw tooMany(`More than ${slots} messages of this sender are being stored at once.`, 1);
}

/**
 * Charges the lines that this transaction stored. As its last statement: two messages of one sender wait for each other
 * only here. Up to a minute's worth may come at once; a larger message is taken when nothing is owed, and is paid off
 * afterwards.
 * @throws ApiError err.request.too_many_requests; the transaction is to be rolled back.
 */
export async function chargeQuota(sql: Sql, sender: Sender, lines: number): Promise<void> {
  if (!refuses(sender) || lines === 0) return;
  const cost = secondsFor(sender, lines);
  const charged = await sql.query<unknown[]>(
    `INSERT INTO sender_quota AS q (sender_id, intake_paid_until) VALUES ($1, now() + $2 * interval '1 second')
     ON CONFLICT (sender_id) DO UPDATE
        SET intake_paid_until = greatest(q.intake_paid_until, now()) + $2 * interval '1 second'
      WHERE q.intake_paid_until <= now() + $3 * interval '1 second'
     RETURNING sender_id`,
    [sender.id, cost, slack(cost)],
  );
  if (charged.length > 0) return;
  await refuseOver(sql, sender, lines, lines);
  // What was owed ran off between the two statements; it was not charged, so it is not taken.
  throw tooMany(quotaOf(sender), 1);
}

/** @param lines what Retry-After is reckoned for. @param least refuse only where not even so many lines may pass. */
async function refuseOver(sql: Sql, sender: Sender, lines: number, least: number): Promise<void> {
  const [row] = await sql.query<{ wait: number }[]>(
    `SELECT extract(epoch FROM intake_paid_until - now())::float8 AS wait FROM sender_quota WHERE sender_id = $1`,
    [sender.id],
  );
  const owed = row?.wait ?? 0;
  if (owed > slack(secondsFor(sender, least)))
    throw tooMany(quotaOf(sender), Math.max(1, Math.ceil(owed - slack(secondsFor(sender, lines)))));
}

function secondsFor(sender: Sender, lines: number): number {
  return (lines * WINDOW_SECONDS) / sender.quota!.lines_per_minute;
}

/** How much may be owed already when a message of this cost is taken. */
function slack(cost: number): number {
  return Math.max(0, WINDOW_SECONDS - cost);
}

function quotaOf({ quota }: Sender): string {
  return `This sender may send ${quota!.lines_per_minute} lines a minute.`;
}

function tooMany(what: string, retryAfterSeconds: number): ApiError {
  return new ApiError(
    'err.request.too_many_requests',
    `${what} Nothing was stored: send the same message again after Retry-After.`,
    { retryAfterSeconds },
  );
}

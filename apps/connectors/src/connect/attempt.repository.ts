import type { Sql } from '@gpo/persistence';
import type { Instruction } from '../connector.js';
import { parseAddress } from '@gpo/g2p-connect-schemas';

/** An attempt that belongs to this worker until its lease ends. */
export interface LeasedAttempt {
  disbursementId: string;
  attemptNo: number;
  lane: string;
  state: string;
  token: string;
  railId: string;
  railReference: string | null;
  railHandle: string | null;
  sends: number;
  queries: number;
  throttles: number;
  /** Greatest end of a lease under which bytes may have left. */
  sendBy: Date | null;
  firstSendAt: Date | null;
  /** When it was decided; null while it is open. */
  resolvedAt: Date | null;
  /** The database's clock when the lease was taken. */
  takenAt: Date;
  instruction: Instruction;
}

interface LeasedRow {
  disbursement_id: string;
  batch_id: string;
  reference_id: string;
  attempt_no: number;
  lane: string;
  state: string;
  lease_token: string;
  rail_id: string;
  rail_reference: string | null;
  rail_handle: string | null;
  sends: number;
  queries: number;
  throttles: number;
  send_by: Date | null;
  first_send_at: Date | null;
  resolved_at: Date | null;
  taken_at: Date;
  payer_fa: string;
  payee_fa: string;
  payee_scheme: string;
  payee_id: string;
  payee_provider: string;
  payee_name: string | null;
  amount_minor: string;
  currency_code: string;
  exponent: number;
  note: string | null;
  purpose: string | null;
}

const LEASED_COLUMNS = `d.payee_scheme, d.payee_id, d.payee_provider, a.disbursement_id, d.batch_id, d.reference_id, a.attempt_no, a.lane, a.state, a.lease_token,
  a.rail_id, a.rail_reference, a.rail_handle, a.sends, a.queries, a.throttles, a.send_by, a.first_send_at,
  a.resolved_at, now() AS taken_at, d.payer_fa, d.payee_fa, d.payee_name, d.amount_minor, d.currency_code, d.exponent, d.note, d.purpose`;

export interface TakeOptions {
  lane: string;
  limit: number;
  leaseMs: number;
  leaseMarginMs: number;
  /** Rule F: a lease to send again begins only this long after the first send, so that it ends in the window; null = for ever. */
  dedupeWindowMs: number | null;
  /** From a stopped lane, to try whether its rail answers again; default from an open one. */
  trial?: boolean;
}

/**
 * Rule D: takes queued attempts of an open lane. Nobody else touches them before send_by. A lane whose pace is more
 * than a second behind gives none: an attempt that waited through its own lease would never be sent. Nor does one
 * whose earlier attempt settled meanwhile (rule I).
 */
export async function takeQueued(sql: Sql, options: TakeOptions): Promise<LeasedAttempt[]> {
  const [rows] = await sql.query<[LeasedRow[], number]>(
    `WITH q AS MATERIALIZED (
       SELECT q.disbursement_id, q.attempt_no FROM attempt q
        WHERE q.lane = $1 AND q.state = 'queued' AND (q.not_before IS NULL OR q.not_before <= now())
          AND (q.sends = 0 OR $5::float8 IS NULL OR q.first_send_at + $5 * interval '1 millisecond' > now())
          AND (q.attempt_no = 1 OR NOT EXISTS (
                SELECT FROM attempt e WHERE e.disbursement_id = q.disbursement_id AND e.attempt_no < q.attempt_no
                   AND e.state IN ('settled', 'returned')))
          AND EXISTS (SELECT FROM lane l WHERE l.lane = $1 AND l.state = CASE WHEN $6 THEN 'stopped' ELSE 'open' END
                         AND l.next_slot_at <= now() + interval '1 second')
        ORDER BY q.queued_at LIMIT $2 FOR UPDATE OF q SKIP LOCKED)
     UPDATE attempt a
        SET state = 'sending', lease_token = a.lease_token + 1, sends = a.sends + 1, updated_at = now(),
            first_send_at = coalesce(a.first_send_at, now()),
            resent_at = CASE WHEN a.sends > 0 THEN a.resent_at[1:a.sends - 1] || now() END,
            send_by = greatest(a.send_by, now() + $3 * interval '1 millisecond'),
            next_at = greatest(a.send_by, now() + $3 * interval '1 millisecond') + $4 * interval '1 millisecond'
       FROM q JOIN disbursement d ON d.disbursement_id = q.disbursement_id
      WHERE a.disbursement_id = q.disbursement_id AND a.attempt_no = q.attempt_no
      RETURNING ${LEASED_COLUMNS}`,
    [
      ...[options.lane, options.limit, options.leaseMs, options.leaseMarginMs, options.dedupeWindowMs],
      options.trial ?? false,
    ],
  );
  return rows.map(toLeased);
}

/**
 * Rule D for the resolver: takes over attempts that are due for a look. A `sending` one only after send_by. Raises the
 * token, so that whoever held it before can write no weak fact any more.
 */
export async function takeOverDue(
  sql: Sql,
  lane: string,
  limit: number,
  holdMs: number,
): Promise<LeasedAttempt[]> {
  const [rows] = await sql.query<[LeasedRow[], number]>(
    `WITH q AS MATERIALIZED (
       SELECT q.disbursement_id, q.attempt_no FROM attempt q
        WHERE q.next_at <= now() AND q.lane = $1
          AND (q.state IN ('accepted', 'unknown', 'settled', 'queued', 'rejected', 'review')
               OR (q.state = 'sending' AND q.send_by < now()))
        ORDER BY q.next_at LIMIT $2 FOR UPDATE OF q SKIP LOCKED)
     UPDATE attempt a
        SET lease_token = a.lease_token + 1, queries = a.queries + 1, updated_at = now(),
            next_at = now() + $3 * interval '1 millisecond'
       FROM q JOIN disbursement d ON d.disbursement_id = q.disbursement_id
      WHERE a.disbursement_id = q.disbursement_id AND a.attempt_no = q.attempt_no
      RETURNING ${LEASED_COLUMNS}`,
    [lane, limit, holdMs],
  );
  return rows.map(toLeased);
}

/** The tokens as they are now, for a chunk that waited before its bytes go out (rule D). */
export async function currentTokens(
  sql: Sql,
  attempts: readonly LeasedAttempt[],
): Promise<Map<string, string>> {
  const rows = await sql.query<{ disbursement_id: string; attempt_no: number; lease_token: string }[]>(
    `SELECT a.disbursement_id, a.attempt_no, a.lease_token
       FROM unnest($1::uuid[], $2::int[]) AS u(disbursement_id, attempt_no) JOIN attempt a USING (disbursement_id, attempt_no)
      WHERE a.state = 'sending'`,
    [attempts.map(({ disbursementId }) => disbursementId), attempts.map(({ attemptNo }) => attemptNo)],
  );
  return new Map(rows.map((row) => [`${row.disbursement_id}/${row.attempt_no}`, row.lease_token]));
}

/**
 * Callbacks named these rail ids: look at them now. It proves nothing by itself. A refused attempt is looked at as
 * well, because a rail may settle what it refused (rule I); not where a later attempt uses the same rail id.
 * @returns those that were woken.
 */
export async function wakeRailIds(sql: Sql, lane: string, railIds: readonly string[]): Promise<Set<string>> {
  const [rows] = await sql.query<[{ rail_id: string }[], number]>(
    `UPDATE attempt a SET next_at = now()
      WHERE a.rail_id = ANY($2) AND a.lane = $1
        AND (a.state IN ('accepted', 'unknown', 'settled')
             OR (a.state IN ('rejected', 'review') AND NOT EXISTS (
                   SELECT FROM attempt l WHERE l.rail_id = a.rail_id AND l.attempt_no > a.attempt_no)))
      RETURNING a.rail_id`,
    [lane, railIds],
  );
  return new Set(rows.map(({ rail_id }) => rail_id));
}

function toLeased(row: LeasedRow): LeasedAttempt {
  return {
    disbursementId: row.disbursement_id,
    attemptNo: row.attempt_no,
    lane: row.lane,
    state: row.state,
    token: row.lease_token,
    railId: row.rail_id,
    railReference: row.rail_reference,
    railHandle: row.rail_handle,
    sends: row.sends,
    queries: row.queries,
    throttles: row.throttles,
    sendBy: row.send_by,
    firstSendAt: row.first_send_at,
    resolvedAt: row.resolved_at,
    takenAt: row.taken_at,
    instruction: toInstruction(row),
  };
}

function toInstruction(row: LeasedRow): Instruction {
  return {
    railId: row.rail_id,
    batchId: row.batch_id,
    disbursementId: row.disbursement_id,
    attempt: row.attempt_no,
    referenceId: row.reference_id,
    payer: parseAddress(row.payer_fa),
    // As intake read it: a bare number got its scheme and provider from the sender's settings.
    payee: {
      text: row.payee_fa,
      scheme: row.payee_scheme,
      id: row.payee_id,
      provider: row.payee_provider,
    },
    amountMinor: BigInt(row.amount_minor),
    currency: row.currency_code,
    exponent: row.exponent,
    ...(row.payee_name === null ? {} : { payeeName: row.payee_name }),
    ...(row.note === null ? {} : { note: row.note }),
    ...(row.purpose === null ? {} : { purpose: row.purpose }),
  };
}

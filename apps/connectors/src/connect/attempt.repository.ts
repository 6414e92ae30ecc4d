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
  now() AS taken_at, d.payer_fa, d.payee_fa, d.payee_name, d.amount_minor, d.currency_code, d.exponent, d.note, d.purpose`;

export interface TakeOptions {
  lane: string;
  limit: number;
  leaseMs: number;
  leaseMarginMs: number;
  /** Rule F: an attempt that was sent before may be sent again only inside this window; null = for ever. */
  dedupeWindowMs: number | null;
}

/** Rule D: takes queued attempts of an open lane. Nobody else touches them before send_by. */
export async function takeQueued(sql: Sql, options: TakeOptions): Promise<LeasedAttempt[]> {
  const [rows] = await sql.query<[LeasedRow[], number]>(
    `UPDATE attempt a
        SET state = 'sending', lease_token = a.lease_token + 1, sends = a.sends + 1, updated_at = now(),
            first_send_at = coalesce(a.first_send_at, now()),
            send_by = now() + $3 * interval '1 millisecond',
            next_at = now() + ($3 + $4) * interval '1 millisecond'
       FROM (SELECT q.disbursement_id, q.attempt_no FROM attempt q
              WHERE q.lane = $1 AND q.state = 'queued' AND (q.not_before IS NULL OR q.not_before <= now())
                AND (q.sends = 0 OR $5::float8 IS NULL OR q.first_send_at + $5 * interval '1 millisecond' > now())
                AND EXISTS (SELECT FROM lane l WHERE l.lane = $1 AND l.state = 'open')
              ORDER BY q.queued_at LIMIT $2 FOR UPDATE OF q SKIP LOCKED) q
       JOIN disbursement d ON d.disbursement_id = q.disbursement_id
      WHERE a.disbursement_id = q.disbursement_id AND a.attempt_no = q.attempt_no
      RETURNING ${LEASED_COLUMNS}`,
    [options.lane, options.limit, options.leaseMs, options.leaseMarginMs, options.dedupeWindowMs],
  );
  return rows.map(toLeased);
}

/**
 * Rule D for the resolver: takes over attempts that are due for a look. A `sending` one only after send_by. Raises the
 * token, so that whoever held it before can write no weak fact any more.
 */
export async function takeOverDue(
  sql: Sql,
  lanes: readonly string[],
  limit: number,
  holdMs: number,
): Promise<LeasedAttempt[]> {
  const [rows] = await sql.query<[LeasedRow[], number]>(
    `UPDATE attempt a
        SET lease_token = a.lease_token + 1, queries = a.queries + 1, updated_at = now(),
            next_at = now() + $3 * interval '1 millisecond'
       FROM (SELECT q.disbursement_id, q.attempt_no FROM attempt q
              WHERE q.next_at <= now() AND q.lane = ANY($1)
                AND (q.state IN ('accepted', 'unknown', 'settled', 'queued') OR (q.state = 'sending' AND q.send_by < now()))
              ORDER BY q.next_at LIMIT $2 FOR UPDATE OF q SKIP LOCKED) q
       JOIN disbursement d ON d.disbursement_id = q.disbursement_id
      WHERE a.disbursement_id = q.disbursement_id AND a.attempt_no = q.attempt_no
      RETURNING ${LEASED_COLUMNS}`,
    [lanes, limit, holdMs],
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

/** Callbacks named these rail ids: look at them now. It proves nothing by itself. @returns those that were open. */
export async function wakeRailIds(sql: Sql, lane: string, railIds: readonly string[]): Promise<Set<string>> {
  const [rows] = await sql.query<[{ rail_id: string }[], number]>(
    `UPDATE attempt SET next_at = now()
      WHERE rail_id = ANY($2) AND lane = $1 AND state IN ('accepted', 'unknown', 'settled') RETURNING rail_id`,
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

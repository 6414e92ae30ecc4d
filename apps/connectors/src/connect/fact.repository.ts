import { stopOtherAttempts, type Sql } from '@gpo/persistence';
import type { LeasedAttempt } from './attempt.repository.js';
import { WEAK_KINDS, type Fact } from './fact.js';

const COLUMNS = `unnest($1::uuid[], $2::int[], $3::bigint[], $4::text[], $5::text[], $6::bool[], $7::text[], $8::text[],
  $9::text[], $10::float8[], $11::float8[], $12::bool[], $13::bool[])
  AS u(disbursement_id, attempt_no, token, kind, reason, retryable, message, rail_reference, rail_handle, look_again_ms,
       not_before_ms, throttled, sent)`;

function values(facts: readonly Fact[]): unknown[] {
  return [
    facts.map((fact) => fact.disbursementId),
    facts.map((fact) => fact.attemptNo),
    facts.map((fact) => fact.token),
    facts.map((fact) => fact.kind),
    facts.map((fact) => fact.reason ?? null),
    facts.map((fact) => fact.retryable ?? null),
    facts.map((fact) => storable(fact.message?.slice(0, MESSAGE_MAX))),
    facts.map((fact) => storable(fact.railReference)),
    facts.map((fact) => storable(fact.railHandle)),
    facts.map((fact) => fact.lookAgainMs ?? null),
    facts.map((fact) => fact.notBeforeMs ?? null),
    facts.map((fact) => fact.throttled ?? false),
    facts.map((fact) => fact.sent ?? false),
  ];
}

const MESSAGE_MAX = 500;

/** PostgreSQL stores no NUL; one in a rail's answer would fail the facts of every attempt in the same statement. */
function storable(text: string | undefined): string | null {
  return text?.replaceAll('\0', '\uFFFD') ?? null;
}

/**
 * Whoever takes an attempt puts its next look into the future. Where it is due all the same, the rail told us something
 * while we asked, and our answer may be older: it stays due. By the clock of this moment, as the row may be.
 */
const WOKEN = `CASE WHEN u.kind IN ('accepted', 'unknown', 'settled') AND a.next_at <= clock_timestamp() THEN a.next_at ELSE`;

/**
 * Rule E: weak facts count only under the lease they were learnt with. A worker that lost its token writes nothing,
 * and a refusal under a lost token proves nothing.
 */
async function writeWeak(sql: Sql, facts: readonly Fact[]): Promise<void> {
  await sql.query(
    `UPDATE attempt a SET
        state = CASE u.kind WHEN 'refused' THEN 'rejected' WHEN 'review' THEN 'review'
                  WHEN 'accepted' THEN 'accepted'
                  -- Bytes of an earlier send may have left: only a query may put it back into the queue (rules D, F).
                  WHEN 'requeued' THEN CASE WHEN a.sends <= 1 OR u.sent THEN 'queued' ELSE 'unknown' END
                  ELSE CASE WHEN a.state = 'accepted' THEN 'accepted' ELSE 'unknown' END END,
        sends = CASE WHEN u.kind = 'requeued' AND NOT u.sent THEN a.sends - 1 ELSE a.sends END,
        first_send_at = CASE WHEN u.kind = 'requeued' AND NOT u.sent AND a.sends <= 1 THEN NULL ELSE a.first_send_at END,
        throttles = a.throttles + CASE WHEN u.throttled THEN 1 ELSE 0 END,
        not_before = now() + u.not_before_ms * interval '1 millisecond',
        next_at = ${WOKEN} now() + CASE WHEN u.kind = 'requeued' AND NOT u.sent AND a.sends > 1 THEN coalesce(u.not_before_ms, 0)
                               -- An open attempt without a next look would hang.
                               WHEN u.kind IN ('accepted', 'unknown') THEN coalesce(u.look_again_ms, 0)
                               ELSE u.look_again_ms END * interval '1 millisecond' END,
        rail_reference = coalesce(u.rail_reference, a.rail_reference),
        rail_handle = coalesce(u.rail_handle, a.rail_handle),
        reason = coalesce(u.reason, a.reason), retryable = u.retryable, message = coalesce(u.message, a.message),
        definite = CASE WHEN u.kind = 'refused' THEN a.sends <= 1 END,
        resolved_at = CASE WHEN u.kind IN ('refused', 'review') THEN now() END,
        outcome_seq = a.outcome_seq + CASE WHEN u.kind IN ('refused', 'review') THEN 1 ELSE 0 END,
        updated_at = now()
       FROM (SELECT * FROM ${COLUMNS} ORDER BY disbursement_id, attempt_no) u
      WHERE a.disbursement_id = u.disbursement_id AND a.attempt_no = u.attempt_no AND a.lease_token = u.token
        AND (a.state IN ('sending', 'accepted', 'unknown') OR (u.kind = 'review' AND a.state = 'queued' AND a.sends > 0))`,
    values(facts),
  );
}

/** Rule I: facts of the rail need no lease but only rise: unknown < rejected < settled < returned; void never rises. */
async function writeDefinite(sql: Sql, facts: readonly Fact[]): Promise<void> {
  const [risen] = await sql.query<[{ disbursement_id: string; attempt_no: number; state: string }[], number]>(
    `UPDATE attempt a SET
        state = u.kind, outcome_seq = a.outcome_seq + 1, resolved_at = now(), updated_at = now(),
        next_at = ${WOKEN} now() + u.look_again_ms * interval '1 millisecond' END, not_before = NULL,
        reason = u.reason, retryable = u.retryable, message = u.message, definite = true,
        rail_reference = coalesce(u.rail_reference, a.rail_reference),
        rail_handle = coalesce(u.rail_handle, a.rail_handle)
       FROM (SELECT * FROM ${COLUMNS} ORDER BY disbursement_id, attempt_no) u
      WHERE a.disbursement_id = u.disbursement_id AND a.attempt_no = u.attempt_no AND a.state <> 'void'
        AND CASE a.state WHEN 'returned' THEN 3 WHEN 'settled' THEN 2 WHEN 'rejected' THEN 1 ELSE 0 END
          < CASE u.kind WHEN 'returned' THEN 3 WHEN 'settled' THEN 2 ELSE 1 END
      RETURNING a.disbursement_id, a.attempt_no, a.state`,
    values(facts),
  );
  const paid = risen.filter(({ state }) => state === 'settled' || state === 'returned');
  if (paid.length > 0) await stopOtherAttempts(sql, paid);
}

/**
 * Rule I for an attempt that comes back to the queue: while it was away an earlier one may have settled. The share
 * lock makes a settlement in progress finish first, or find the attempt in the queue afterwards.
 */
async function lockEarlier(sql: Sql, facts: readonly Fact[]): Promise<void> {
  await sql.query(
    `SELECT FROM attempt e JOIN unnest($1::uuid[], $2::int[]) AS u(disbursement_id, attempt_no)
         ON e.disbursement_id = u.disbursement_id AND e.attempt_no < u.attempt_no
      ORDER BY e.disbursement_id, e.attempt_no FOR SHARE OF e`,
    [facts.map(({ disbursementId }) => disbursementId), facts.map(({ attemptNo }) => attemptNo)],
  );
}

async function voidOvertaken(sql: Sql, facts: readonly Fact[]): Promise<void> {
  await sql.query(
    `UPDATE attempt a SET state = 'void', next_at = NULL, updated_at = now()
       FROM unnest($1::uuid[], $2::int[]) AS u(disbursement_id, attempt_no)
      WHERE a.disbursement_id = u.disbursement_id AND a.attempt_no = u.attempt_no AND a.state = 'queued'
        AND EXISTS (SELECT FROM attempt e WHERE e.disbursement_id = a.disbursement_id
                       AND e.attempt_no < a.attempt_no AND e.state IN ('settled', 'returned'))`,
    [facts.map(({ disbursementId }) => disbursementId), facts.map(({ attemptNo }) => attemptNo)],
  );
}

/** Writes facts about attempts; one transaction around it keeps rule I's consequences with their cause. */
export async function writeFacts(sql: Sql, facts: readonly Fact[]): Promise<void> {
  const weak = facts.filter(({ kind }) => WEAK_KINDS.has(kind));
  const definite = facts.filter(({ kind }) => !WEAK_KINDS.has(kind));
  const again = weak.filter(({ kind, attemptNo }) => kind === 'requeued' && attemptNo > 1);
  if (again.length > 0) await lockEarlier(sql, again);
  if (weak.length > 0) await writeWeak(sql, weak);
  if (again.length > 0) await voidOvertaken(sql, again);
  if (definite.length > 0) await writeDefinite(sql, definite);
}

/** A look at a decided attempt found nothing that rises: when to look next (null = never), unless it changed or was woken meanwhile. */
export async function lookAgain(
  sql: Sql,
  attempt: Pick<LeasedAttempt, 'disbursementId' | 'attemptNo' | 'token' | 'state'>,
  ms: number | null,
): Promise<void> {
  await sql.query(
    `UPDATE attempt SET next_at = now() + $5 * interval '1 millisecond'
      WHERE disbursement_id = $1 AND attempt_no = $2 AND lease_token = $3 AND state = $4 AND next_at > now()`,
    [attempt.disbursementId, attempt.attemptNo, attempt.token, attempt.state, ms],
  );
}

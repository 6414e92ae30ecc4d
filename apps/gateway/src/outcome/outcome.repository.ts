import { appendHistory } from '@gpo/audit';
import type { Sql } from '@gpo/persistence';
import type { Change, Claim, Standing } from './decision.js';
import type { State } from './states.js';

interface StandingRow {
  disbursement_id: string;
  batch_id: string;
  state: State;
  attempt_no: number;
  amount_minor: string | null;
  currency_code: string;
  callback_wanted: boolean;
  violations: string[];
  a_state: string | null;
  a_lane: string;
  a_definite: boolean | null;
  a_retryable: boolean | null;
  a_reason: string | null;
  a_message: string | null;
  a_rail_reference: string | null;
  ended_lane: string | null;
  ended_rail_reference: string | null;
  any_settled: boolean | null;
  any_returned: boolean | null;
}

/** Reads the rows that the claims are about; a claim whose row does not exist has no entry in the answer. */
export async function readStandings(sql: Sql, claims: readonly Claim[]): Promise<Map<Claim, Standing>> {
  const rows = await sql.query<(StandingRow & { position: number })[]>(
    `SELECT i.position, d.disbursement_id, d.batch_id, d.state, d.attempt_no, d.amount_minor, d.currency_code,
            d.violations, b.callback_url IS NOT NULL AS callback_wanted,
            a.state AS a_state, a.lane AS a_lane, a.definite AS a_definite, a.retryable AS a_retryable, a.reason AS a_reason,
            a.message AS a_message, a.rail_reference AS a_rail_reference, d.ended_lane, d.ended_rail_reference, f.any_settled, f.any_returned
       FROM unnest($1::int[], $2::uuid[], $3::int[]) AS i(position, disbursement_id, attempt_no)
       JOIN disbursement d ON d.disbursement_id = i.disbursement_id
       JOIN batch b ON b.batch_id = d.batch_id
       LEFT JOIN attempt a ON a.disbursement_id = i.disbursement_id AND a.attempt_no = i.attempt_no
       LEFT JOIN LATERAL (
         SELECT bool_or(x.state = 'settled') AS any_settled, bool_or(x.state = 'returned') AS any_returned
           FROM attempt x WHERE x.disbursement_id = i.disbursement_id) f ON true`,
    [
      claims.map((_, position) => position),
      claims.map(({ disbursementId }) => disbursementId),
      claims.map(({ kind, attemptNo }) => (kind === 'retry' ? attemptNo - 1 : attemptNo)),
    ],
  );
  return new Map(rows.map((row) => [claims[row.position]!, toStanding(row)]));
}

function toStanding(row: StandingRow): Standing {
  return {
    disbursementId: row.disbursement_id,
    batchId: row.batch_id,
    state: row.state,
    attemptNo: row.attempt_no,
    amountMinor: BigInt(row.amount_minor ?? 0),
    currencyCode: row.currency_code,
    callbackWanted: row.callback_wanted,
    violations: row.violations,
    anySettled: row.any_settled ?? false,
    anyReturned: row.any_returned ?? false,
    ...(row.a_state === null
      ? {}
      : {
          attempt: {
            state: row.a_state,
            lane: row.a_lane,
            definite: row.a_definite ?? false,
            retryable: row.a_retryable ?? false,
            reason: row.a_reason,
            message: row.a_message,
            railReference: row.a_rail_reference,
          },
        }),
    ...(row.ended_lane === null
      ? {}
      : { ended: { lane: row.ended_lane, railReference: row.ended_rail_reference } }),
  };
}

/** The digest that the first writer fixed, and the payer that an absent one stands for. */
export async function readContents(
  sql: Sql,
  disbursementIds: readonly string[],
): Promise<Map<string, { digest: Buffer; payer_fa: string }>> {
  const rows = await sql.query<{ disbursement_id: string; digest: Buffer; payer_fa: string }[]>(
    'SELECT disbursement_id, digest, payer_fa FROM disbursement WHERE disbursement_id = ANY($1)',
    [disbursementIds],
  );
  return new Map(rows.map((row) => [row.disbursement_id, row]));
}

/**
 * Rule C: attempt 1 is the arbiter. Malformed and cancel insert it as `void`; where another was first, the insert does
 * nothing, and what came later is dropped because the attempt is not its own.
 */
export async function voidFirstAttempts(sql: Sql, disbursementIds: readonly string[]): Promise<void> {
  await sql.query(
    `INSERT INTO attempt (disbursement_id, attempt_no, lane, state, rail_id)
     SELECT d.disbursement_id, 1, '', 'void', gen_random_uuid()
       FROM unnest($1::uuid[]) AS i(disbursement_id)
       JOIN disbursement d USING (disbursement_id)
      WHERE d.state IN ('received', 'on_hold') AND d.attempt_no = 1
      ORDER BY d.disbursement_id
     ON CONFLICT DO NOTHING`,
    [disbursementIds],
  );
}

/** Writes the changes whose rows still are as they were read; returns those that were written. */
export async function moveStates(sql: Sql, changes: readonly Change[]): Promise<Change[]> {
  const [rows] = await sql.query<[{ disbursement_id: string }[], number]>(
    `UPDATE disbursement d
        SET state = c.to_state, attempt_no = c.to_attempt, reason = c.reason, message = c.message, updated_at = now(),
            ended_lane = c.lane, ended_rail_reference = c.rail_reference
       FROM (SELECT * FROM unnest($1::uuid[], $2::text[], $3::int[], $4::text[], $5::int[], $6::text[], $7::text[], $8::text[], $9::text[])
               AS u(disbursement_id, from_state, from_attempt, to_state, to_attempt, reason, message, lane, rail_reference)
              ORDER BY disbursement_id) c
      WHERE d.disbursement_id = c.disbursement_id AND d.state = c.from_state AND d.attempt_no = c.from_attempt
      RETURNING d.disbursement_id`,
    [
      changes.map(({ standing }) => standing.disbursementId),
      changes.map(({ standing }) => standing.state),
      changes.map(({ standing }) => standing.attemptNo),
      changes.map(({ to }) => to),
      changes.map(({ toAttemptNo }) => toAttemptNo),
      changes.map(({ reason }) => reason),
      changes.map(({ message }) => message),
      changes.map(({ ending }) => ending?.lane ?? null),
      changes.map(({ ending }) => ending?.railReference ?? null),
    ],
  );
  const moved = new Set(rows.map(({ disbursement_id }) => disbursement_id));
  return changes.filter(({ standing }) => moved.has(standing.disbursementId));
}

/** The attempt says itself again on which lane it was and what the rail calls it. */
export async function forgetEnding(sql: Sql, disbursementIds: readonly string[]): Promise<void> {
  await sql.query(
    `UPDATE disbursement d SET ended_lane = NULL, ended_rail_reference = NULL
       FROM (SELECT * FROM unnest($1::uuid[]) AS u(disbursement_id) ORDER BY disbursement_id) u
      WHERE d.disbursement_id = u.disbursement_id`,
    [disbursementIds],
  );
}

/** One append-only history row per change, in the audit chain. */
export function writeHistory(sql: Sql, changes: readonly Change[], chain: number): Promise<void> {
  const entries = changes.map(({ standing, claim, event, to, toAttemptNo, reason, message }) => ({
    disbursementId: standing.disbursementId,
    batchId: standing.batchId,
    event,
    fromState: standing.state,
    toState: to,
    attemptNo: toAttemptNo,
    reason,
    message: claim.operator?.reason ?? message,
    cause: claim.kind,
    scenario: claim.routedBy?.scenario ?? null,
    scenarioVersion: claim.routedBy?.version ?? null,
    actor: claim.operator?.id ?? null,
  }));
  return appendHistory(sql, entries, chain);
}

/**
 * Keeps a retry until it is due. Rule H: after a refusal that is not definite it stays on its lane, whatever the rules
 * say. `timeScale` shortens waits in trials; up to a tenth is added so that
 * retries do not come as one wave.
 */
export async function storeRetries(sql: Sql, changes: readonly Change[], timeScale: number): Promise<void> {
  const now = Date.now();
  await sql.query(
    `INSERT INTO retry (disbursement_id, attempt_no, lane, due_at, record, scenario, scenario_version)
     SELECT u.disbursement_id, u.attempt_no, u.lane, to_timestamp(u.due_ms / 1000.0), u.record, u.scenario, u.version
       FROM unnest($1::uuid[], $2::int[], $3::text[], $4::float8[], $5::jsonb[], $6::text[], $7::text[])
         AS u(disbursement_id, attempt_no, lane, due_ms, record, scenario, version)
     ON CONFLICT DO NOTHING`,
    [
      changes.map(({ standing }) => standing.disbursementId),
      changes.map(({ toAttemptNo }) => toAttemptNo),
      changes.map(({ claim, standing: { attempt } }) =>
        attempt!.definite && claim.lane !== undefined ? claim.lane : attempt!.lane,
      ),
      changes.map(
        ({ claim }) => now + Math.max(0, claim.notBefore! - now) * timeScale * (1 + Math.random() * 0.1),
      ),
      changes.map(({ claim }) => JSON.stringify(claim.record)),
      changes.map(({ claim }) => claim.routedBy?.scenario ?? null),
      changes.map(({ claim }) => claim.routedBy?.version ?? null),
    ],
  );
}

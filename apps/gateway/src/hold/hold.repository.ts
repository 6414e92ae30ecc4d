import type { Sql } from '@gpo/persistence';
import { saysTheSame, type RefusedClaim } from '../outcome/claim.content.js';
import type { Change, Claim } from '../outcome/decision.js';
import { voidFirstAttempts } from '../outcome/outcome.repository.js';

/** Holds that may be done, and those that become dead letters; one that was held before is in neither. */
export interface ScreenedHolds {
  wanted: Claim[];
  refused: RefusedClaim[];
}

interface HoldableRow {
  disbursement_id: string;
  payer_fa: string;
  digest: Buffer;
  sound: boolean;
  held_before: boolean;
}

/**
 * Rule B for holds: the record must say what the row says. A disbursement is held at most once, so that a replay of
 * g2p.on-hold after the release, or a request published again, cannot stop it a second time. Records whose row does
 * not exist stay wanted: the caller finds them missing.
 */
export async function screenHolds(sql: Sql, holds: readonly Claim[]): Promise<ScreenedHolds> {
  const rows = await sql.query<HoldableRow[]>(
    `SELECT d.disbursement_id, d.payer_fa, d.digest, d.violations = '{}' AS sound,
            EXISTS (SELECT FROM hold h WHERE h.disbursement_id = d.disbursement_id) AS held_before
       FROM disbursement d WHERE d.disbursement_id = ANY($1)`,
    [holds.map(({ disbursementId }) => disbursementId)],
  );
  const rowOf = new Map(rows.map((row) => [row.disbursement_id, row]));
  const wanted: Claim[] = [];
  const refused: RefusedClaim[] = [];
  for (const claim of holds) {
    const row = rowOf.get(claim.disbursementId);
    if (row !== undefined && !saysTheSame(claim.content, row))
      refused.push({ claim, reason: 'record.content_mismatch' });
    else if (row?.sound === false) refused.push({ claim, reason: 'record.not_payable' });
    else if (row?.held_before !== true) wanted.push(claim);
  }
  return { wanted, refused };
}

/** Keeps the routed records that a release will publish. */
export async function storeHolds(sql: Sql, changes: readonly Change[]): Promise<void> {
  await sql.query(
    `INSERT INTO hold (disbursement_id, batch_id, lane, record, reason)
     SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[])`,
    [
      changes.map(({ standing }) => standing.disbursementId),
      changes.map(({ standing }) => standing.batchId),
      changes.map(({ claim }) => claim.lane),
      changes.map(({ claim }) => JSON.stringify(claim.record)),
      changes.map(({ message }) => message),
    ],
  );
}

/** A disbursement left `on_hold`; where it was released, its record is to be published. */
export async function endHolds(sql: Sql, changes: readonly Change[]): Promise<void> {
  await sql.query(
    `UPDATE hold h SET ended_at = now(), released_at = CASE WHEN u.event = 'release' THEN now() END
       FROM unnest($1::uuid[], $2::text[]) AS u(disbursement_id, event)
      WHERE h.disbursement_id = u.disbursement_id AND h.ended_at IS NULL`,
    [changes.map(({ standing }) => standing.disbursementId), changes.map(({ event }) => event)],
  );
}

/**
 * Rule C: a cancel wins attempt 1 by inserting it as `void`, or by turning it from `queued` to `void` where no bytes
 * ever left; where neither works it is too late, and the state will not follow. (A queued attempt that was sent
 * before is left alone: a rail that settles it late could no longer be believed, because void never rises.)
 */
export async function voidForCancel(sql: Sql, disbursementIds: readonly string[]): Promise<void> {
  await voidFirstAttempts(sql, disbursementIds);
  await sql.query(
    `WITH unsent AS MATERIALIZED (
       SELECT disbursement_id FROM attempt
        WHERE disbursement_id = ANY($1) AND attempt_no = 1 AND state = 'queued' AND sends = 0
        ORDER BY disbursement_id FOR UPDATE)
     UPDATE attempt a SET state = 'void', next_at = NULL, updated_at = now()
       FROM unsent u WHERE a.disbursement_id = u.disbursement_id AND a.attempt_no = 1`,
    [disbursementIds],
  );
}

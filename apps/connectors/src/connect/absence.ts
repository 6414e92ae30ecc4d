import type { ConnectorManifest } from '../connector.js';
import type { LeasedAttempt } from './attempt.repository.js';
import type { Fact } from './fact.js';

type Manifest = Pick<ConnectorManifest, 'duplicate' | 'query' | 'dedupeWindowMs' | 'absentIsFinalAfterMs'>;

/** Nobody can know yet: an operator decides, with the rail's statement. */
export function reviewFact({ disbursementId, attemptNo, token }: LeasedAttempt): Fact {
  return {
    disbursementId,
    attemptNo,
    token,
    kind: 'review',
    reason: 'unresolved',
    message: 'The rail gave no trustworthy answer in time.',
  };
}

/**
 * Rules F and G: what an `absent` answer allows. It counts only if the query began after send_by plus
 * absentIsFinalAfterMs of every earlier send; then the same rail id may be sent again, while the rail still remembers
 * it. Without a duplicate check at the rail, or without a query by our id, nothing is ever sent again.
 */
export function factOfAbsence(
  attempt: LeasedAttempt,
  manifest: Manifest,
  { leaseMarginMs }: { leaseMarginMs: number },
): Fact {
  const { disbursementId, attemptNo, token, sendBy, firstSendAt, takenAt } = attempt;
  if (manifest.duplicate === 'none' || manifest.query !== 'by-our-id') return reviewFact(attempt);
  const fact = { disbursementId, attemptNo, token };
  // takenAt is the database's clock at the take-over, so the query began later than this.
  const finalAt = (sendBy ?? takenAt).getTime() + manifest.absentIsFinalAfterMs;
  const early = finalAt - takenAt.getTime();
  if (early >= 0)
    return { ...fact, kind: 'unknown', message: 'not seen by the rail yet', lookAgainMs: early + 100 };
  if (manifest.dedupeWindowMs === 'forever') return { ...fact, kind: 'requeued', sent: true };
  const windowLeftMs =
    (firstSendAt ?? takenAt).getTime() + manifest.dedupeWindowMs - leaseMarginMs - takenAt.getTime();
  if (windowLeftMs <= 0) return reviewFact(attempt);
  return { ...fact, kind: 'requeued', sent: true, lookAgainMs: windowLeftMs };
}

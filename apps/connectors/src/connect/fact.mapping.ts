import type { Outcome } from '../connector.js';
import type { ConnectorsConfig } from '../connectors.config.js';
import { InvalidInstruction, LaneStopped, NotSent, Throttled } from '../rail-error.js';
import type { LeasedAttempt } from './attempt.repository.js';
import type { Fact } from './fact.js';

type Times = Pick<
  ConnectorsConfig,
  'pollFirstMs' | 'pollMaxMs' | 'returnChecksMs' | 'throttlesMax' | 'leaseMarginMs'
>;

function base({
  disbursementId,
  attemptNo,
  token,
}: LeasedAttempt): Pick<Fact, 'disbursementId' | 'attemptNo' | 'token'> {
  return { disbursementId, attemptNo, token };
}

function words(outcome: Outcome): Pick<Fact, 'railReference' | 'railHandle' | 'message'> {
  const message = [outcome.rawCode, outcome.rawText]
    .filter((word) => word !== undefined && word !== '')
    .join(': ');
  return {
    ...(outcome.railReference === undefined ? {} : { railReference: outcome.railReference }),
    ...(outcome.railHandle === undefined ? {} : { railHandle: outcome.railHandle }),
    ...(message === '' ? {} : { message }),
  };
}

/** Pause before the next query: doubles with each one, up to pollMaxMs. */
export function backoffMs(queries: number, times: Times): number {
  return Math.min(times.pollMaxMs, times.pollFirstMs * 2 ** Math.min(queries, 24));
}

/** What an outcome means for the row. A refusal that answers a submit is weak; one found by query is definite (rule E). */
export function factOfOutcome(
  attempt: LeasedAttempt,
  outcome: Outcome,
  by: 'submit' | 'query',
  times: Times,
): Fact {
  const fact = { ...base(attempt), ...words(outcome) };
  switch (outcome.kind) {
    case 'accepted': {
      const pollMs = backoffMs(attempt.queries, times);
      return { ...fact, kind: 'accepted', lookAgainMs: Math.max(outcome.pollAfterMs ?? 0, pollMs) };
    }
    case 'settled':
      return { ...fact, kind: 'settled', ...firstCheck(times) };
    case 'returned':
      return { ...fact, kind: 'returned', reason: outcome.reason };
    case 'rejected':
      return {
        ...fact,
        kind: by === 'query' ? 'rejected' : 'refused',
        reason: outcome.reason,
        retryable: outcome.retryable,
      };
    case 'unknown':
      return {
        ...fact,
        kind: 'unknown',
        message: outcome.why,
        lookAgainMs: by === 'submit' ? 0 : backoffMs(attempt.queries, times),
      };
  }
}

function firstCheck(times: Times): Pick<Fact, 'lookAgainMs'> {
  const first = times.returnChecksMs[0];
  return first === undefined ? {} : { lookAgainMs: first };
}

/** What a thrown submit means for the row: one class of error per decision (rails section 7). */
export function factOfSubmitError(attempt: LeasedAttempt, error: unknown, times: Times): Fact {
  const message = error instanceof Error ? error.message : String(error);
  const fact = { ...base(attempt), message };
  if (error instanceof NotSent) return { ...fact, kind: 'requeued', notBeforeMs: times.pollFirstMs };
  if (error instanceof LaneStopped) return { ...fact, kind: 'requeued' };
  if (error instanceof InvalidInstruction)
    return { ...fact, kind: 'refused', reason: 'instruction_invalid', retryable: false };
  if (error instanceof Throttled) {
    return attempt.throttles >= times.throttlesMax
      ? { ...fact, kind: 'refused', reason: 'rail_busy', retryable: true }
      : { ...fact, kind: 'requeued', throttled: true, notBeforeMs: error.retryAfterMs };
  }
  // OutcomeUnknown, BugError and anything nobody thought of: bytes may have left, so only a query can tell.
  return { ...fact, kind: 'unknown', lookAgainMs: 0 };
}

/** The next look at a settled attempt for a return, in milliseconds from now; null after the last one. */
export function nextReturnCheck(settledForMs: number, returnChecksMs: readonly number[]): number | null {
  const next = returnChecksMs.find((at) => at > settledForMs + 1000);
  return next === undefined ? null : next - settledForMs;
}

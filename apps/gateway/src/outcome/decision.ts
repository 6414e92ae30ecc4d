import type { DigestedContent } from '@gpo/g2p-connect-schemas';
import type { ScenarioRef } from '@gpo/persistence';
import { isFinal, transition, type State, type StateEvent } from './states.js';

/** What a record of a result topic claims about one attempt. A claim moves nothing by itself. */
export interface Claim {
  kind: 'success' | 'failure' | 'retry' | 'review' | 'malformed' | 'hold' | 'release' | 'cancel';
  disbursementId: string;
  /** The attempt the claim is about; for a retry the one that is to come. */
  attemptNo: number;
  /** Lane that the scenario chose for a retry, or for after the release of a hold. */
  lane?: string;
  /** What the record says of the payment, for malformed and hold; an empty payer is the row's (rule B). */
  content?: DigestedContent;
  /** Codes that the scenario found, for malformed. */
  errors?: readonly string[];
  /** Epoch milliseconds, for a retry. */
  notBefore?: number;
  /** Why an operator must look, for a hold. */
  holdReason?: string;
  /** Who decided and why, for release and cancel. */
  operator?: { id: string; reason: string };
  record: Record<string, unknown>;
  /** The rules that wrote the record, as far as they are known; for the history only. */
  routedBy?: ScenarioRef | undefined;
}

/** The rows as they are now. */
export interface Standing {
  disbursementId: string;
  batchId: string;
  state: State;
  attemptNo: number;
  amountMinor: bigint;
  currencyCode: string;
  callbackWanted: boolean;
  violations: readonly string[];
  /** The attempt that the claim is about (the predecessor, for a retry); undefined when there is no such row. */
  attempt?: AttemptFact;
  anySettled: boolean;
  anyReturned: boolean;
  /** What the row keeps of the attempt that ended it; undefined while none did. */
  ended?: EndingAttempt;
}

/** The attempt that ended a disbursement, as its row keeps it. The lane is empty where nothing was to be paid any more. */
export interface EndingAttempt {
  lane: string;
  railReference: string | null;
}

export interface AttemptFact extends EndingAttempt {
  state: string;
  /** The refusal is certain: another lane may be tried (rule H). */
  definite: boolean;
  retryable: boolean;
  reason: string | null;
  message: string | null;
}

/** One change of one disbursement, to be written only where the row still is as it was read. */
export interface Change {
  standing: Standing;
  event: StateEvent;
  to: State;
  toAttemptNo: number;
  reason: string | null;
  message: string | null;
  /** The attempt that ends it, where that is the current one; undefined where none does. */
  ending: EndingAttempt | undefined;
  claim: Claim;
}

/**
 * Rule J: the disbursement follows its attempts. Any settled and not returned -> succeeded; else any returned ->
 * returned; else the decision on the current attempt, which counts only where the attempt row agrees with it.
 * @returns undefined where the claim changes nothing (late, duplicate, reordered, forged).
 */
export function decide(claim: Claim, standing: Standing): Change | undefined {
  const event = eventOf(claim, standing);
  if (event === undefined) return undefined;
  const to = transition(standing.state, event);
  if (to === undefined) return undefined;
  const words = wordsOf(event, claim, standing);
  return {
    standing,
    event,
    to,
    toAttemptNo: event === 'retry' ? claim.attemptNo : standing.attemptNo,
    reason: words?.reason ?? null,
    message: words?.message ?? null,
    ending: isOnCurrent(claim, standing) ? standing.attempt : undefined,
    claim,
  };
}

/** Whether the attempt that was read for the claim is the current one. */
function isOnCurrent({ kind, attemptNo }: Claim, standing: Standing): boolean {
  return kind !== 'retry' && attemptNo === standing.attemptNo;
}

/** The changes that the claims bring, and ids of disbursements that stay, but keep what is no longer so of the attempt that ended them. */
export function decideAll(standings: ReadonlyMap<Claim, Standing>): {
  changes: Change[];
  outdated: string[];
} {
  const [changes, outdated]: [Change[], string[]] = [[], []];
  for (const [claim, standing] of standings) {
    const change = decide(claim, standing);
    if (change !== undefined) changes.push(change);
    else if (keepsOldReference(claim, standing)) outdated.push(standing.disbursementId);
  }
  return { changes, outdated };
}

/** A rail may give an attempt a new reference without moving the disbursement: the return of one of two payments. */
function keepsOldReference(claim: Claim, standing: Standing): boolean {
  const { attempt, ended } = standing;
  if (attempt === undefined || ended === undefined || !isOnCurrent(claim, standing)) return false;
  return ended.railReference !== attempt.railReference;
}

function eventOf(claim: Claim, standing: Standing): StateEvent | undefined {
  if (claim.kind === 'malformed') return onFirstAttempt(standing, 'void') ? 'malformed' : undefined;
  if (claim.kind === 'release') return 'release';
  if (claim.kind === 'hold') return onFirstAttempt(standing, undefined) ? 'hold' : undefined;
  // Rule C: who made attempt 1 void has won; the state only follows.
  if (claim.kind === 'cancel') return onFirstAttempt(standing, 'void') ? 'cancel' : undefined;
  // Whatever a rule made of it: money that moved decides.
  if (standing.anySettled) return 'settled';
  if (standing.anyReturned) return 'returned';
  return decisionOnCurrent(claim, standing);
}

function decisionOnCurrent(claim: Claim, standing: Standing): StateEvent | undefined {
  const { attempt, attemptNo, state } = standing;
  if (attempt === undefined || isFinal(state)) return undefined;
  const rejected = attempt.state === 'rejected';
  if (claim.kind === 'retry') {
    return claim.attemptNo === attemptNo + 1 && rejected && attempt.retryable ? 'retry' : undefined;
  }
  if (claim.attemptNo !== attemptNo) return undefined;
  if (claim.kind === 'failure') return rejected ? 'failed' : undefined;
  // A rule may send a definite refusal to an operator as well; nothing is lost by it.
  if (claim.kind === 'review') return rejected || attempt.state === 'review' ? 'review' : undefined;
  return undefined;
}

function onFirstAttempt({ attemptNo, attempt }: Standing, state: string | undefined): boolean {
  return attemptNo === 1 && attempt?.state === state;
}

interface Words {
  reason: string | null;
  message: string | null;
}

/** What the disbursement says of itself after the change. */
function wordsOf(event: StateEvent, claim: Claim, standing: Standing): Words | undefined {
  if (event === 'malformed') return malformedWords(claim, standing);
  if (event === 'hold') return { reason: 'on_hold', message: claim.holdReason ?? null };
  if (event === 'release') return undefined;
  if (event === 'cancel') return { reason: 'cancelled', message: claim.operator?.reason ?? null };
  const { attempt } = standing;
  // The claim may be about another attempt than the one that decides; then its words do not fit.
  const decidedByRail = event === 'settled' || event === 'returned';
  return decidedByRail && attempt?.state !== event ? undefined : attempt;
}

function malformedWords(claim: Claim, standing: Standing): Words {
  const errors = [...new Set([...standing.violations, ...(claim.errors ?? [])])];
  return { reason: errors[0] ?? 'rjct.payment.failed', message: errors.join(', ') };
}

/** Two claims about one disbursement never share a group: the second must see what the first wrote. */
export function inOrderPerDisbursement(claims: readonly Claim[]): Claim[][] {
  const groups: Claim[][] = [];
  const nextGroup = new Map<string, number>();
  for (const claim of claims) {
    const index = nextGroup.get(claim.disbursementId) ?? 0;
    nextGroup.set(claim.disbursementId, index + 1);
    (groups[index] ??= []).push(claim);
  }
  return groups;
}

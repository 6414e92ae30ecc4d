import type { Outcome, SubmitError } from '../connector.js';
import { BugError, LaneStopped, NotSent, OutcomeUnknown, RailError, Throttled } from '../rail-error.js';
import type { RailAnswer } from '../rail-http.js';
import type { Refusal } from './paystack.outcome.mapping.js';
import type { Recipient } from './paystack.recipients.js';

/** What a payee without a recipient code means for its payment: no byte of it left. */
export function withoutRecipient(
  railId: string,
  recipient: Exclude<Recipient, { kind: 'code' }> | undefined,
): Outcome | SubmitError {
  if (recipient?.kind === 'refused')
    return { railId, at: new Date(), ...recipient.words, ...recipient.refusal };
  return { railId, kind: 'error', error: recipient?.error ?? new NotSent('no recipient') };
}

/** The same error for each of them; anything that is no RailError is one that nobody thought of. */
export function failed(railIds: readonly string[], error: unknown): SubmitError[] {
  const cause = error instanceof RailError ? error : new BugError('an error nobody mapped', { cause: error });
  return railIds.map((railId) => ({ railId, kind: 'error', error: cause }));
}

/** An item of a bulk request that its answer leaves out. */
export function unmentioned(railId: string): Outcome {
  return { railId, at: new Date(), kind: 'unknown', why: 'the rail did not mention it' };
}

/** A bulk request that was refused because of one of its items. */
export function isAboutOne({ kind }: Refusal): boolean {
  return kind === 'rejected' || kind === 'duplicate' || kind === 'stale_recipient';
}

/** What a refusal that is no outcome makes the lane worker do. */
export function errorOf(laneId: string, refusal: Refusal, answer: RailAnswer, throttleMs: number): RailError {
  switch (refusal.kind) {
    case 'throttled':
    case 'stale_recipient':
      return new Throttled(`the rail answers ${answer.status}`, answer.retryAfterMs ?? throttleMs);
    case 'auth':
      return new LaneStopped('auth', `${laneId}: the rail refuses the secret key`);
    case 'configuration':
      return new LaneStopped('configuration', `${laneId}: the account may not send transfers`);
    case 'payer_funds':
      return new LaneStopped('payer_funds', `${laneId}: the balance is too small`);
    case 'unknown':
      return new OutcomeUnknown(refusal.why);
    case 'rejected':
    case 'duplicate':
      return new BugError(`${refusal.kind} is an outcome, not an error`);
  }
}

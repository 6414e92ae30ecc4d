import type { ReasonCode } from '../connector.js';

/** One thing to write about one attempt. The kind decides which guard of rules E and I applies. */
export interface Fact {
  disbursementId: string;
  attemptNo: number;
  /** The lease under which it was learnt. */
  token: string;
  kind:
    | 'accepted'
    | 'unknown'
    /** Back to the queue: the rail did not take it. */
    | 'requeued'
    /** The rail refused in answer to our submit: counts only under the lease. */
    | 'refused'
    /** Nobody can know: an operator decides. */
    | 'review'
    /** Facts of the rail that need no lease. */
    | 'rejected'
    | 'settled'
    | 'returned';
  reason?: ReasonCode;
  retryable?: boolean;
  message?: string;
  railReference?: string;
  railHandle?: string;
  /** When to look again, in milliseconds from now; undefined = never. */
  lookAgainMs?: number;
  /** Requeued: not before this many milliseconds from now. */
  notBeforeMs?: number;
  /** Requeued: the rail asked for a slower pace. */
  throttled?: boolean;
  /** Requeued because the rail never saw it: the send counts, and the duplicate window goes on. */
  sent?: boolean;
}

export const WEAK_KINDS: ReadonlySet<Fact['kind']> = new Set([
  'accepted',
  'unknown',
  'requeued',
  'refused',
  'review',
]);

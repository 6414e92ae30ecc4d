/** States of a disbursement (design: open ones first, then final ones). */
export const OPEN_STATES = ['received', 'on_hold', 'retrying', 'review'] as const;
export const FINAL_STATES = ['succeeded', 'failed', 'returned', 'malformed', 'cancelled'] as const;
export const STATES = [...OPEN_STATES, ...FINAL_STATES] as const;
export type State = (typeof STATES)[number];

/** What can happen to a disbursement. Each is a fact that the attempt rows agree with, or an operator's act. */
export const EVENTS = [
  'settled',
  'returned',
  'failed',
  'retry',
  'review',
  'malformed',
  'hold',
  'release',
  'cancel',
] as const;
export type StateEvent = (typeof EVENTS)[number];

/**
 * The one state table: from x event -> to. A pair that is not listed changes nothing. Final states move only when
 * the rail itself says so later: failed -> succeeded -> returned, and returned -> succeeded when a later attempt
 * settled (an incident, because money left twice and came back once).
 */
export const STATE_TABLE: Readonly<Record<State, Readonly<Partial<Record<StateEvent, State>>>>> = {
  received: {
    settled: 'succeeded',
    returned: 'returned',
    failed: 'failed',
    retry: 'retrying',
    review: 'review',
    malformed: 'malformed',
    hold: 'on_hold',
    cancel: 'cancelled',
  },
  on_hold: {
    settled: 'succeeded',
    returned: 'returned',
    malformed: 'malformed',
    release: 'received',
    cancel: 'cancelled',
  },
  retrying: {
    settled: 'succeeded',
    returned: 'returned',
    failed: 'failed',
    retry: 'retrying',
    review: 'review',
  },
  review: { settled: 'succeeded', returned: 'returned', failed: 'failed', retry: 'retrying' },
  succeeded: { returned: 'returned' },
  failed: { settled: 'succeeded', returned: 'returned' },
  returned: { settled: 'succeeded' },
  malformed: {},
  cancelled: {},
};

/** The state after `event`, or undefined where the event changes nothing. The only writer of states asks here. */
export function transition(from: State, event: StateEvent): State | undefined {
  return STATE_TABLE[from][event];
}

const FINAL: ReadonlySet<State> = new Set(FINAL_STATES);

export function isFinal(state: State): boolean {
  return FINAL.has(state);
}

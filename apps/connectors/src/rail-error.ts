/** What a connector may throw: one class per decision the lane worker takes. The cause is always kept. */
export class RailError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** Refused before any byte left us (no connection, lease over): the same rail id may be sent again. */
export class NotSent extends RailError {}

/** The rail asks for a slower pace and did not take the instruction: same rail id, after `retryAfterMs`. */
export class Throttled extends RailError {
  constructor(
    message: string,
    readonly retryAfterMs: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Bytes may have left and no trustworthy answer came: query before anything else. */
export class OutcomeUnknown extends RailError {}

export type LaneStopKind = 'auth' | 'configuration' | 'payer_funds';

/** Trouble of the lane, not of a disbursement: stop the lane, fail nobody. The instruction was not taken. */
export class LaneStopped extends RailError {
  constructor(
    readonly kind: LaneStopKind,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** validate() should have caught it. Never sent. */
export class InvalidInstruction extends RailError {}

/** An answer that nobody mapped: alarm, treated as unknown. */
export class BugError extends RailError {}

import { createHash } from 'node:crypto';

/** What a provider can do to a disbursement besides paying it. */
export type Fault =
  | 'unknown-account'
  | 'pays-then-silent'
  | 'slow'
  | 'rate-limit-twice'
  | 'busy-twice'
  | 'returned-later'
  | 'answers-after-a-day'
  | 'daily-limit-once'
  | 'payer-funds'
  | 'pays-then-500'
  | 'drops-before-paying'
  | 'early-double-callback'
  | 'fails-after-accepting'
  | 'outage-once';

/**
 * Payee numbers that choose a fault: the last seven digits of the account or telephone number, other characters
 * ignored. No fixture and no generated beneficiary uses this range.
 */
export const FAULT_BY_DIGITS: ReadonlyMap<string, Fault> = new Map([
  /** 404 identifierError; for good. */
  ['9990001', 'unknown-account'],
  /** Pays, never answers the POST; /responses knows it. */
  ['9990002', 'pays-then-silent'],
  /** Completes after SIMULATOR_SLOW_MS. */
  ['9990003', 'slow'],
  /** 400 rateLimitError twice, then pays. */
  ['9990004', 'rate-limit-twice'],
  /** 503 serviceUnavailable twice, then pays. */
  ['9990005', 'busy-twice'],
  /** Completes, and is reversed SIMULATOR_RETURN_AFTER_MS later; the callback is sent again. */
  ['9990006', 'returned-later'],
  /** Stays pending for 24 hours. */
  ['9990007', 'answers-after-a-day'],
  /** 400 dailyValueLimitExceeded for the first correlation id of a disbursement; a new one is paid. */
  ['9990008', 'daily-limit-once'],
  /** 400 insufficientFunds, and from then on for every payee of the provider, until POST /simulator/faults/funds. */
  ['9990009', 'payer-funds'],
  /** Pays, then answers 500. */
  ['9990010', 'pays-then-500'],
  /** Drops the first connection without having seen the request; the next try is paid. */
  ['9990011', 'drops-before-paying'],
  /** Sends its callback twice, before it answers the POST. */
  ['9990012', 'early-double-callback'],
  /** Accepts, then fails with identifierError; the callback carries the error. */
  ['9990013', 'fails-after-accepting'],
  /** Accepts, then fails with serviceUnavailable; a new attempt of the same disbursement is paid. */
  ['9990014', 'outage-once'],
]);

/** The fault that this payee number asks for. */
export function faultOf(payeeNumber: string): Fault | undefined {
  return FAULT_BY_DIGITS.get(payeeNumber.replace(/\D/g, '').slice(-7));
}

/** Faults of a whole provider, set by POST /simulator/faults. */
export const PROVIDER_FAULTS = ['down', 'auth', 'error', 'silent', 'drop'] as const;
export type ProviderFault = (typeof PROVIDER_FAULTS)[number];

/** Fault switches and counters of all providers. In memory only: a restart heals everything. */
export class FaultBoard {
  /** @param shares per mille of payees that meet a fault although their number asks for none, chosen by the seed. */
  constructor(
    private readonly seed = 1,
    private readonly shares: ReadonlyMap<Fault, number> = new Map(),
  ) {}

  private readonly armed = new Map<string, { kind: ProviderFault; left: number }>();
  private readonly strikes = new Map<string, number>();
  private readonly funds = new Map<string, boolean>();

  /** The fault of this payee: by its number, else by the seed. The same payee always meets the same one. */
  of(payeeNumber: string): Fault | undefined {
    const asked = faultOf(payeeNumber);
    if (asked !== undefined || this.shares.size === 0) return asked;
    const digest = createHash('sha256').update(`${this.seed} ${payeeNumber}`).digest();
    let at = digest.readUInt32BE(0) % 1000;
    for (const [fault, share] of this.shares) {
      if (at < share) return fault;
      at -= share;
    }
    return undefined;
  }

  /** The next `count` requests to this provider meet the fault; 0 heals it. */
  arm(provider: string, kind: ProviderFault, count: number): void {
    if (count === 0) this.armed.delete(provider);
    else this.armed.set(provider, { kind, left: count });
  }

  /** Takes one use of the provider's fault. */
  next(provider: string): ProviderFault | undefined {
    const fault = this.armed.get(provider);
    if (fault === undefined) return undefined;
    fault.left -= 1;
    if (fault.left <= 0) this.armed.delete(provider);
    return fault.kind;
  }

  /** True for the first `times` calls with this key. */
  strike(key: string, times: number): boolean {
    const seen = this.strikes.get(key) ?? 0;
    if (seen >= times) return false;
    this.strikes.set(key, seen + 1);
    return true;
  }

  setFunds(provider: string, ok: boolean): void {
    this.funds.set(provider, ok);
  }

  /** A payee with the funds fault starts the trouble, unless an operator has filled the account before. */
  outOfFunds(provider: string, fault: Fault | undefined): boolean {
    const ok = this.funds.get(provider);
    if (ok === undefined && fault === 'payer-funds') this.funds.set(provider, false);
    return this.funds.get(provider) === false;
  }
}

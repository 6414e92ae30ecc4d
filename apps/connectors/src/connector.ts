import type { LaneStopKind, RailError } from './rail-error.js';

/**
 * The port: what the orchestrator asks of a rail, and what a rail may answer. A connector is stateless
 * (token caches only); rail ids and rail references live in the attempt table.
 */

/** A financial address `[scheme:]id[@provider]`, split; `text` is what the sender wrote. */
export interface RailAddress {
  text: string;
  scheme: string;
  id: string;
  provider: string;
}

/** One attempt to pay one payee. Amounts are integer minor units of `currency` with `exponent` decimals. */
export interface Instruction {
  railId: string;
  batchId: string;
  disbursementId: string;
  attempt: number;
  referenceId: string;
  payer: RailAddress;
  payee: RailAddress;
  payeeName?: string;
  amountMinor: bigint;
  currency: string;
  exponent: number;
  note?: string;
  purpose?: string;
}

/** Why an attempt was refused, in words that rules can use (`#input.reason`). Closed list. */
export const REASON_CODES = [
  'payee_unknown',
  'payee_blocked',
  'payee_limit',
  'amount_refused',
  'currency_refused',
  'address_refused',
  'declined',
  'rail_busy',
  'rail_unavailable',
  'instruction_invalid',
  'reversed',
  'unresolved',
] as const;
export type ReasonCode = (typeof REASON_CODES)[number];

export type OutcomeFact =
  | { kind: 'accepted'; pollAfterMs?: number }
  | { kind: 'settled' }
  | { kind: 'returned'; reason: ReasonCode }
  | { kind: 'rejected'; retryable: boolean; reason: ReasonCode }
  | { kind: 'unknown'; why: string };

/** What a rail said about one rail id. `railHandle` is the rail's own id for later queries, if it gave one. */
export type Outcome = {
  railId: string;
  railReference?: string;
  railHandle?: string;
  at: Date;
  rawCode?: string;
  rawText?: string;
  /**
   * The answer also tells of trouble of the lane: when it answers a submit, the lane is stopped, and the outcome holds
   * all the same. Found by query it stops nothing: it may be older than the operator's remedy.
   */
  laneTrouble?: { kind: LaneStopKind; message: string };
} & OutcomeFact;

/** One item of a submit for which there is no outcome: what a submit of it alone would have thrown. */
export interface SubmitError {
  railId: string;
  kind: 'error';
  error: RailError;
}

/** The rail states that it never saw this rail id. Acted on only as protocol rule F allows. */
export interface Absent {
  railId: string;
  kind: 'absent';
}

export interface QueryKey {
  railId: string;
  railReference?: string;
  railHandle?: string;
}

/** Handed to each call. `beforeSend` must be called in the same tick as the bytes go out; it throws NotSent when the lease is over. */
export interface CallContext {
  beforeSend(): void;
  timeoutMs: number;
}

export interface Violation {
  field: string;
  reason: ReasonCode;
  message: string;
}

/** A request the rail made to us (callback or webhook), raw. */
export interface InboundMessage {
  method: string;
  path: string;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

/** Rail ids that an inbound message is about. It only wakes us: the outcome is confirmed by query unless it was authenticated. */
export interface InboundResult {
  wake: QueryKey[];
  outcomes: Outcome[];
  /** Why the message is not the rail's; it is then answered 401, and nothing else happens. */
  refused?: string;
}

/** What a connector does while it reads what the rail left for us; each is done before the answer counts as read. */
export interface CollectHooks {
  /** Something new is known about these rail ids: look at them now, by query. */
  wake(railIds: readonly string[]): Promise<void>;
  /** An answer tells of trouble of the lane. */
  stop(trouble: { kind: LaneStopKind; message: string }): Promise<void>;
  /** An answer cannot be used, or contradicts our record: somebody must look. */
  alarm(sentence: string): void;
}

/**
 * The rail's own handles of payees (recipient codes, tokens), kept in the record for one lane, so that a payee is
 * made known to the rail once. Keys are the connector's own and name nobody (a hash).
 */
export interface PayeeHandles {
  find(keys: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Keeps the handle unless there is one; returns the one that is kept. */
  keep(key: string, handle: string): Promise<string>;
  /** The rail does not know this handle any more. */
  forget(key: string, handle: string): Promise<void>;
}

/** What one word of the rail leads to. 'unknown' is for words that are listed as saying nothing. */
export type CodeDecision =
  | 'accepted'
  | 'settled'
  | 'returned'
  | 'permanent'
  | 'retryable'
  | 'duplicate'
  | 'throttled'
  | 'unknown'
  | LaneStopKind;

export interface ConnectorManifest {
  id: string;
  family: 'gateway' | 'core-banking' | 'mobile-money';
  apiVersion: string;
  /** 'any' or the schemes of payee_fa that this rail can address. */
  faTypes: readonly string[] | 'any';
  currencies: readonly string[] | 'any';
  amountForm: 'minor-int' | 'decimal' | 'decimal-no-trailing-zero' | 'major-int';
  submit: { mode: 'single' | 'batch' | 'file'; maxItems: number };
  /** What the rail does with a rail id it already knows. */
  duplicate: 'rejects' | 'replays' | 'none';
  /** Whether a refused rail id may be used again ('free') or not ('burnt'). */
  refusedId: 'burnt' | 'free';
  dedupeWindowMs: number | 'forever';
  query: 'by-our-id' | 'by-rail-ref' | 'statement-only';
  /** An `absent` answer counts only when the query began this long after the last send could have left (rule F). */
  absentIsFinalAfterMs: number;
  result: readonly ('sync' | 'callback' | 'poll' | 'file')[];
  inboundAuth: 'hmac' | 'mtls' | 'unsigned-confirm-by-query' | 'ssh-host-key';
  finality: 'on-settled' | 'may-be-returned';
  /**
   * The account at the rail that each payer is paid from, by `payer_fa`, as its statements name it; '' stands for every other payer, and an
   * account '' is the one that the address names. Without it, statements are not compared by account.
   */
  payerAccounts?: Readonly<Record<string, string>>;
  /** Every word of the rail that is understood; any other word means unknown. */
  codes: Readonly<Record<string, CodeDecision>>;
}

export interface RailConnector {
  readonly manifest: ConnectorManifest;
  /** Pure, offline: every reason why this instruction cannot go on this rail. */
  validate(instruction: Instruction): Violation[];
  /**
   * 1 to manifest.submit.maxItems instructions; exactly one answer per rail id. Thrown is what holds for all of them.
   * @throws NotSent | Throttled | LaneStopped | OutcomeUnknown | InvalidInstruction | BugError
   */
  submit(items: readonly Instruction[], ctx: CallContext): Promise<(Outcome | SubmitError)[]>;
  /** By our id; without side effects. Throws the same errors as submit. */
  query(keys: readonly QueryKey[], ctx: CallContext): Promise<(Outcome | Absent)[]>;
  /** Translates a callback; 0..n outcomes. */
  parseInbound(message: InboundMessage): InboundResult;
  /**
   * Only rails that leave their answers for us (`result` has `file`): reads those that were not read yet, each once,
   * and keeps what they say for queries. True = there may be more. Throws the same errors as submit.
   */
  collect?(hooks: CollectHooks, ctx: CallContext): Promise<boolean>;
  /** Cheap probe without side effects; decides whether a stopped lane may open again. Throws LaneStopped when not. */
  health(ctx: CallContext): Promise<void>;
  close(): Promise<void>;
}

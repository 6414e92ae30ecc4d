import { ApiError } from '../api-error.js';
import { PROFILES, canonicalAddress, type Profile } from '@gpo/g2p-connect-schemas';
import type { BridgeSetting } from '../bridge/bridge.setting.js';
import type { MapperSetting } from '../mapper/mapper.setting.js';
import type { OAuthCredential, Scope } from './access-tokens.js';

/** A G2P system with credentials: what the senders file says of it. */
export interface Sender {
  id: string;
  /** Row of the profile table in @gpo/g2p-connect-schemas. */
  profile: 'strict' | 'openg2p';
  /** Names it may use for itself in header.sender_id. Identity never comes from them. */
  aliases: readonly string[];
  credentials: {
    basic?: { user: string; password_sha256: string };
    api_key_sha256?: string;
    /** Access tokens of an OAuth2 server (D21). */
    oauth2?: OAuthCredential;
  };
  /** Whether its messages are signed (D22); absent = signatures are not looked at. */
  integrity?: Integrity;
  /** Where on-disburse goes when the message names no allowed sender_uri. */
  callback_url?: string;
  /** Exact addresses of single callbacks; they win over sender_uri and callback_url (D15). */
  callback_urls?: { 'on-disburse'?: string; 'on-search'?: string; 'on-status'?: string };
  /**
   * When on-disburse is sent (D16): "progress", the default, tells lines as they become final; "final" tells nothing
   * before the batch is complete, then everything at once.
   */
  callback_mode?: 'progress' | 'final';
  /** Hosts that a sender_uri may name. */
  callback_hosts: readonly string[];
  /** Accounts this sender may pay from; any other is rjct.payer_fa.invalid. */
  payer_accounts: readonly string[];
  /** The payer of a line that names none. */
  default_payer_fa: string;
  /** Scheme and provider of a payee that is only a number; absent = such a payee has no lane. */
  bare_account?: { scheme: string; provider: string };
  /** Form of txn_status for a reference_id_list (D8); absent = the profile's. */
  status_shape?: Profile['statusShape'];
  /** How much it may send; absent = as much as the limits of one message allow. See docs/batches.md. */
  quota?: Quota;
  /** Sizes that this sender may send, over those of the configuration. */
  limits?: Partial<IntakeLimits>;
  /** Payees that are beneficiary ids are resolved by this mapper; absent = never. See docs/mapper.md. */
  mapper?: MapperSetting;
  /** How it is served where it speaks the G2P Bridge API; absent = as the defaults say. See docs/openg2p.md. */
  bridge?: BridgeSetting;
  /** May write requests to Kafka directly. */
  kafka_direct: boolean;
  /** Lines whose payee is paid by another disbursement at about the same time are flagged for the rules; absent = off. */
  duplicate_payee?: DuplicatePayee;
}

/**
 * Over all gateways together. Profile strict: what is over it is refused with 429. Profile openg2p: everything is stored,
 * and goes out to the lanes at this pace. Records that a sender writes to Kafka itself do not count.
 */
export interface Quota {
  lines_per_minute: number;
  /** Messages that are stored at the same instant; only for profile strict. Absent = any number. */
  requests_at_once?: number;
}

/** How the signatures of a sender's messages are checked. */
export interface Integrity {
  /** "require": a message without signature is refused. "verify-if-present": only one with a wrong signature. */
  mode: 'require' | 'verify-if-present';
  /** The sender's public keys (JWK Set); a path, relative to the senders file. Read again when it changes. */
  jwks_file: string;
}

/** Largest sizes of what a sender sends. */
export interface IntakeLimits {
  /** Bytes of a JSON body (BODY_BYTES_MAX). */
  body_bytes: number;
  /** Lines of a message (LINES_MAX). */
  lines: number;
  /** Bytes of a file (FILE_BYTES_MAX). */
  file_bytes: number;
  /** Rows of a file (FILE_ROWS_MAX). */
  file_rows: number;
}

/** What counts as the same payee at about the same time; see docs/rules/duplicate-payee.md. */
export interface DuplicatePayee {
  /** Longest distance between the times at which two disbursements are due, in days. */
  window_days: number;
  /** Whose disbursements are looked at: this sender's, or those of every sender. */
  scope: 'sender' | 'all';
}

const PAYERS = new WeakMap<Sender, ReadonlySet<string>>();

/** True where this sender may pay from the account, in whatever case it is written (D2). */
export function mayPayFrom(sender: Sender, payerFa: string): boolean {
  let accounts = PAYERS.get(sender);
  if (accounts === undefined) {
    accounts = new Set(sender.payer_accounts.map(canonicalAddress));
    PAYERS.set(sender, accounts);
  }
  return accounts.has(canonicalAddress(payerFa));
}

/** How this sender's messages are read and answered: its row of the profile table, with its own settings over it. */
export function profileOf(sender: Sender): Profile {
  const profile = PROFILES[sender.profile];
  return sender.status_shape === undefined ? profile : { ...profile, statusShape: sender.status_shape };
}

export interface Auditor {
  id: string;
  token_sha256: string;
}

/** A person who may release and cancel; the id stands in the history of what they did. */
export interface Operator {
  id: string;
  token_sha256: string;
}

/** Who is calling: a sender sees its own batches, an auditor reads all and writes nothing, an operator also decides. */
export type Principal =
  /** `scopes`: what its access token allows; absent = everything a sender may do. */
  | { kind: 'sender'; sender: Sender; scopes?: ReadonlySet<Scope> }
  | { kind: 'auditor'; id: string }
  | { kind: 'operator'; id: string };

/** Some things are the installation's own. @throws ApiError for senders. */
export function refuseSenders({ kind }: Principal, what: string): void {
  if (kind === 'sender')
    throw new ApiError('err.request.forbidden', `Only auditors and operators may see ${what}.`);
}

/** What this caller may see: a sender its own, everybody else all. */
export function senderScope(principal: Principal): { senderId?: string } {
  return principal.kind === 'sender' ? { senderId: principal.sender.id } : {};
}

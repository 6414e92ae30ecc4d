import type { CodeDecision, ReasonCode } from '../connector.js';

/** What a word of Paystack means for a disbursement. A word that is not here means unknown, whatever the HTTP status. */
export type CodeMeaning =
  | { kind: 'permanent' | 'retryable'; reason: ReasonCode }
  /** Not taken: the recipient code is of another account or deleted; a new one is made, same reference. */
  | { kind: 'stale_recipient' }
  | { kind: Exclude<CodeDecision, 'permanent' | 'retryable'> };

/** `data.status` of a transfer. */
export const PAYSTACK_STATUSES: Readonly<Record<string, CodeMeaning>> = {
  success: { kind: 'settled' },
  pending: { kind: 'accepted' },
  received: { kind: 'accepted' },
  /** Waits for a one-time password that nobody will type: accepted, and the lane is wrongly set up. */
  otp: { kind: 'accepted' },
  failed: { kind: 'retryable', reason: 'rail_unavailable' },
  reversed: { kind: 'returned' },
  abandoned: { kind: 'permanent', reason: 'declined' },
  blocked: { kind: 'permanent', reason: 'declined' },
  rejected: { kind: 'permanent', reason: 'declined' },
};

/** `code` of an error answer. */
export const PAYSTACK_CODES: Readonly<Record<string, CodeMeaning>> = {
  duplicate_transfer_reference: { kind: 'duplicate' },
  insufficient_balance: { kind: 'payer_funds' },
  invalid_bank_code: { kind: 'permanent', reason: 'address_refused' },
  invalid_account_number: { kind: 'permanent', reason: 'payee_unknown' },
  account_on_watchlist: { kind: 'permanent', reason: 'payee_blocked' },
  invalid_amount: { kind: 'permanent', reason: 'amount_refused' },
  missing_params: { kind: 'permanent', reason: 'instruction_invalid' },
  invalid_transfer_recipient: { kind: 'stale_recipient' },
  transfer_unavailable: { kind: 'configuration' },
  otp_required: { kind: 'configuration' },
  invalid_key: { kind: 'auth' },
  rate_limited: { kind: 'throttled' },
  processor_error: { kind: 'unknown' },
};

/** Answers that carry no `code` (Paystack added it later) are known by their sentence. */
const SENTENCES: readonly (readonly [RegExp, string])[] = [
  [/reference already exists on a transfer|duplicate transfer reference/i, 'duplicate_transfer_reference'],
  [/balance is not enough/i, 'insufficient_balance'],
  [/^(bank is invalid|unknown bank code)/i, 'invalid_bank_code'],
  [/account number is invalid|(could not|cannot) resolve account/i, 'invalid_account_number'],
  [/fraud watchlist/i, 'account_on_watchlist'],
  [/recipient specified is invalid/i, 'invalid_transfer_recipient'],
  [/cannot initiate third party payouts/i, 'transfer_unavailable'],
  [/otp requirement/i, 'otp_required'],
  [/^invalid key/i, 'invalid_key'],
];

/** The word of an error answer by which the tables know it: its code, or the code that its sentence stands for. */
export function wordOf(code: string | undefined, sentence: string | undefined): string | undefined {
  const known = code?.toLowerCase();
  if (known !== undefined && Object.hasOwn(PAYSTACK_CODES, known)) return known;
  return SENTENCES.find(([pattern]) => pattern.test(sentence ?? ''))?.[1] ?? code;
}

/** Undefined for a word that is in neither table. */
export function meaningOf(
  table: Readonly<Record<string, CodeMeaning>>,
  word: string,
): CodeMeaning | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined;
}

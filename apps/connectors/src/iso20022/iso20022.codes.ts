import type { CodeDecision, ReasonCode } from '../connector.js';

/** What a reason code of the bank means for one item. A code that is not here means unknown. */
export type ReasonMeaning =
  | { kind: 'permanent' | 'retryable'; reason: ReasonCode }
  /** The bank knows this file or item already: look for the original, never a refusal. */
  | { kind: 'duplicate' }
  /** Our own account or the form of our file: the lane stops, no item changes until somebody has looked. */
  | { kind: 'configuration' }
  /** Too little on the payer's account: the lane stops, and the item was not paid. */
  | { kind: 'payer_funds' };

const payeeUnknown: ReasonMeaning = { kind: 'permanent', reason: 'payee_unknown' };
const payeeBlocked: ReasonMeaning = { kind: 'permanent', reason: 'payee_blocked' };
const address: ReasonMeaning = { kind: 'permanent', reason: 'address_refused' };
const amount: ReasonMeaning = { kind: 'permanent', reason: 'amount_refused' };
const declined: ReasonMeaning = { kind: 'permanent', reason: 'declined' };
const invalid: ReasonMeaning = { kind: 'permanent', reason: 'instruction_invalid' };
const unavailable: ReasonMeaning = { kind: 'retryable', reason: 'rail_unavailable' };
const duplicate: ReasonMeaning = { kind: 'duplicate' };
const ours: ReasonMeaning = { kind: 'configuration' };

/** External status and return reason codes of ISO 20022, as far as a credit transfer can meet them. */
export const REASON_CODES: ReadonlyMap<string, ReasonMeaning> = new Map([
  ...codes(payeeUnknown, 'AC01', 'AC03', 'AC04', 'AC07', 'AC14', 'BE01', 'BE06'),
  ...codes(payeeBlocked, 'AC06', 'MD07'),
  ...codes(address, 'AC13', 'RC01', 'RC04', 'RC05', 'RC06', 'RC07', 'RC08', 'RC10', 'CNOR'),
  ...codes(amount, 'AM01', 'AM02', 'AM09', 'AM12', 'AM14'),
  ...codes({ kind: 'permanent', reason: 'currency_refused' }, 'AM03'),
  ...codes(declined, 'AG01', 'AG03', 'MS02', 'MS03', 'RR04'),
  ...codes(invalid, 'BE04', 'BE07', 'RR01', 'RR02', 'RR03'),
  ...codes(unavailable, 'TM01', 'AB05', 'AB06', 'AB07', 'AB08', 'AB09', 'AB10', 'ED05'),
  ...codes(duplicate, 'AM05', 'DU01', 'DU02', 'DU03', 'DU04', 'DU05', 'DUPL'),
  ...codes(ours, 'FF01', 'AM10', 'AM18', 'DT01', 'AC02', 'AC05', 'AG02', 'BE05', 'RC03', 'DNOR'),
  ...codes({ kind: 'payer_funds' }, 'AM04'),
]);

/** Statuses of pain.002 that say: on its way. None of them is success; ACSC is the payer's side only. */
export const WAITING_STATUSES: ReadonlySet<string> = new Set([
  ...['RCVD', 'PDNG', 'ACTC', 'ACCP', 'ACWC', 'ACSP', 'ACSC', 'PART'],
]);

/** Every word that is understood, for the manifest. ACCC (on the payee's account) counts as the lane is configured. */
export function manifestCodes(acccSettles: boolean): Record<string, CodeDecision> {
  const reasons = [...REASON_CODES].map(([code, { kind }]): [string, CodeDecision] => [code, kind]);
  const waiting = [...WAITING_STATUSES].map((status): [string, CodeDecision] => [status, 'accepted']);
  return Object.fromEntries([
    ...reasons,
    ...waiting,
    ['ACCC', acccSettles ? 'settled' : 'accepted'],
    ['BOOK', 'settled'],
  ]);
}

function codes(meaning: ReasonMeaning, ...names: string[]): [string, ReasonMeaning][] {
  return names.map((name) => [name, meaning]);
}

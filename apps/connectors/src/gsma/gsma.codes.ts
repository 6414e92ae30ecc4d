import type { ReasonCode } from '../connector.js';

/** What an errorCode means for the disbursement. A code that is not here means unknown, whatever the HTTP status. */
export type CodeMeaning =
  | { kind: 'permanent'; reason: ReasonCode }
  | { kind: 'retryable'; reason: ReasonCode }
  /** The correlation id is known: ask what became of it. */
  | { kind: 'duplicate' }
  /** Not taken; same correlation id, later. */
  | { kind: 'throttled' }
  /** Not taken; trouble of the lane. */
  | { kind: 'auth' }
  | { kind: 'payer_funds' };

const limit: CodeMeaning = { kind: 'retryable', reason: 'payee_limit' };
const ourFault: CodeMeaning = { kind: 'permanent', reason: 'instruction_invalid' };
const amountRefused: CodeMeaning = { kind: 'permanent', reason: 'amount_refused' };
const declined: CodeMeaning = { kind: 'permanent', reason: 'declined' };

/** components/schemas/errorObject/errorCode of the 1.2 specification, as far as a disbursement can meet them. */
export const GSMA_CODES: Readonly<Record<string, CodeMeaning>> = {
  duplicateRequest: { kind: 'duplicate' },
  rateLimitError: { kind: 'throttled' },
  insufficientFunds: { kind: 'payer_funds' },
  dailyVolumeLimitExceeded: limit,
  dailyValueLimitExceeded: limit,
  weeklyVolumeLimitExceeded: limit,
  weeklyValueLimitExceeded: limit,
  monthlyVolumeLimitExceeded: limit,
  monthlyValueLimitExceeded: limit,
  formatError: ourFault,
  lengthError: ourFault,
  negativeValue: ourFault,
  mandatoryValueNotSupplied: ourFault,
  currencyNotSupported: { kind: 'permanent', reason: 'currency_refused' },
  lessThanTransactionMinValue: amountRefused,
  greaterThanTransactionMaxValue: amountRefused,
  maxBalanceExceeded: { kind: 'permanent', reason: 'payee_limit' },
  samePartiesError: { kind: 'permanent', reason: 'address_refused' },
  transactionTypeError: declined,
  incorrectState: declined,
  linkViolation: declined,
  identifierError: { kind: 'permanent', reason: 'payee_unknown' },
  clientAuthorisationError: { kind: 'auth' },
  requestDeclined: declined,
  servicingPartyAuthorisationError: declined,
  requestingPartyAuthorisationError: declined,
};

/**
 * The same code found in the record of a request that failed after acceptance. The correlation id is used up, so what
 * would have meant "again with the same id" or "stop the lane" becomes a refusal that a new attempt may follow.
 */
export function recordedMeaning(errorCategory: string, errorCode: string): RecordedMeaning {
  const meaning = GSMA_CODES[errorCode];
  if (errorCategory === 'serviceUnavailable') return { kind: 'retryable', reason: 'rail_unavailable' };
  switch (meaning?.kind) {
    case 'permanent':
    case 'retryable':
      return meaning;
    case 'throttled':
      return { kind: 'retryable', reason: 'rail_busy' };
    case 'auth':
    case 'payer_funds':
      return { kind: 'retryable', reason: 'rail_unavailable' };
    default:
      return { kind: 'unknown' };
  }
}

export type RecordedMeaning =
  { kind: 'permanent'; reason: ReasonCode } | { kind: 'retryable'; reason: ReasonCode } | { kind: 'unknown' };

import { isRecord, type Answer } from '../gsma.message.js';

/** Shapes of Paystack's transfers, as far as the simulator speaks them. */
export interface RecipientRequest {
  type: string;
  name: string;
  account_number: string;
  bank_code: string;
  currency: string;
}

export interface TransferRequest {
  amount: number;
  recipient: string;
  reference: string;
  reason: string;
  currency: string;
}

interface Word {
  status: number;
  type: string;
  code: string;
  message: string;
}

const validation = (code: string, message: string): Word => ({
  status: 400,
  type: 'validation_error',
  code,
  message,
});
const api = (status: number, code: string, message: string): Word => ({
  status,
  type: 'api_error',
  code,
  message,
});

/** Error answers by the word that MAPPING.md of the connector lists; codes as the API spells them. */
export const REFUSALS: Readonly<Record<string, Word>> = {
  duplicate_transfer_reference: validation(
    'duplicate_transfer_reference',
    'Please provide a unique reference. Reference already exists on a transfer',
  ),
  insufficient_balance: api(400, 'insufficient_balance', 'Your balance is not enough to fulfil this request'),
  invalid_bank_code: validation('invalid_bank_code', 'Bank is invalid'),
  invalid_account_number: validation('invalid_account_number', 'Account number is invalid'),
  account_on_watchlist: validation(
    'account_on_watchlist',
    'The account number of the recipient is on a fraud watchlist',
  ),
  invalid_amount: validation('invalid_amount', 'Amount must be a positive integer.'),
  missing_params: validation('missing_params', 'A required parameter is missing.'),
  invalid_transfer_recipient: validation('invalid_transfer_recipient', 'Recipient specified is invalid'),
  transfer_unavailable: api(
    400,
    'transfer_unavailable',
    'You cannot initiate third party payouts as a starter business',
  ),
  otp_required: validation('otp_required', 'OTP requirement has to be disabled to use this endpoint'),
  invalid_key: { status: 401, type: 'validation_error', code: 'invalid_Key', message: 'Invalid key' },
  rate_limited: api(429, 'rate_limited', 'Too many requests'),
  processor_error: { status: 400, type: 'processor_error', code: 'processor_error', message: 'Bank error' },
};

export const STATUSES = [
  'success',
  'pending',
  'received',
  'otp',
  'failed',
  'reversed',
  'abandoned',
  'blocked',
  'rejected',
] as const;
export type TransferStatus = (typeof STATUSES)[number];

/** @param word a key of REFUSALS, or a code that no documentation lists. */
export function refusal(word: string): Answer {
  const { status, type, code, message } = Object.hasOwn(REFUSALS, word)
    ? REFUSALS[word]!
    : validation(word, 'Something else');
  return {
    status,
    body: { status: false, message, meta: { nextStep: 'See the documentation.' }, type, code },
  };
}

export function good(message: string, data: unknown, status = 200): Answer {
  return { status, body: { status: true, message, data } };
}

export function notFound(): Answer {
  return { status: 404, body: { status: false, message: 'Transfer not found' } };
}

export function readRecipient(body: unknown): RecipientRequest | Answer {
  if (!isRecord(body)) return refusal('missing_params');
  const { type, name, account_number, bank_code, currency = 'NGN' } = body;
  if (![type, name, account_number, bank_code].every((value) => typeof value === 'string' && value !== ''))
    return refusal('missing_params');
  if (!/^[0-9A-Za-z]{4,34}$/.test(String(account_number))) return refusal('invalid_account_number');
  return {
    type: String(type),
    name: String(name),
    account_number: String(account_number),
    bank_code: String(bank_code),
    currency: String(currency),
  };
}

/** One transfer, or what the API answers to it. */
export function readTransfer(body: unknown, currency: unknown): TransferRequest | Answer {
  if (!isRecord(body)) return refusal('missing_params');
  const { amount, recipient, reference, reason = '' } = body;
  if (typeof recipient !== 'string' || typeof reference !== 'string') return refusal('missing_params');
  if (typeof amount !== 'number' || !Number.isSafeInteger(amount) || amount <= 0)
    return refusal('invalid_amount');
  if (!/^[a-z0-9_-]{16,}$/.test(reference)) return refusal('missing_params');
  return {
    amount,
    recipient,
    reference,
    reason: String(reason),
    currency: typeof currency === 'string' ? currency : 'NGN',
  };
}

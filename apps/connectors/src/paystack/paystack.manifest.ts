import type { CodeDecision, ConnectorManifest } from '../connector.js';
import { PAYSTACK_CODES, PAYSTACK_STATUSES } from './paystack.codes.js';
import type { PaystackConfig } from './paystack.config.js';

/** What this rail promises: Paystack transfers, and the lane's own figures. */
export function paystackManifest(config: PaystackConfig): ConnectorManifest {
  return {
    id: 'paystack',
    family: 'gateway',
    apiVersion: '1.0.0',
    faTypes: ['account_no', 'account', 'phone', 'msisdn', 'mobile'],
    currencies: config.currencies,
    amountForm: 'minor-int',
    submit: { mode: config.bulkMax > 1 ? 'batch' : 'single', maxItems: config.bulkMax },
    duplicate: 'rejects',
    refusedId: 'burnt',
    dedupeWindowMs: 'forever',
    query: 'by-our-id',
    absentIsFinalAfterMs: config.absentIsFinalAfterMs,
    result: ['callback', 'poll'],
    inboundAuth: 'hmac',
    finality: 'may-be-returned',
    codes: CODES,
  };
}

// A stale recipient is refused before the transfer exists: the same reference goes again, with a new recipient.
const CODES: Readonly<Record<string, CodeDecision>> = Object.fromEntries(
  [...Object.entries(PAYSTACK_STATUSES), ...Object.entries(PAYSTACK_CODES)].map(([word, { kind }]) => [
    word,
    kind === 'stale_recipient' ? 'throttled' : kind,
  ]),
);

import { SettingsReader } from '../lanes/settings.reader.js';

/** Settings of one Paystack lane: `settings` of its entry in the lanes file. One lane is one Paystack balance. */
export interface PaystackConfig {
  /** Base of the API, without a slash at the end. https, except on a loopback address. Required. */
  baseUrl: string;
  /** Secret key (`sk_...`): authenticates us, and signs the rail's webhooks. Required. */
  secretKey: string;
  /** ISO 4217 codes this account pays out, of NGN, GHS, KES, ZAR. Required. */
  currencies: readonly string[];
  /** Paystack's bank code per provider of a payee address (`GET /bank` lists the codes). Required. */
  bankCodes: ReadonlyMap<string, string>;
  /** Transfers in one bulk request; 1 sends each by itself. Default 1. */
  bulkMax: number;
  /** Longest wait for one answer, in milliseconds. Default 30,000. */
  requestTimeoutMs: number;
  /** Largest answer that is read, in bytes. Default 1,048,576. */
  answerBytesMax: number;
  /** Connections to the rail at once. Default 64. */
  maxSockets: number;
  /** How long after the last possible send a "not found" is believed, in milliseconds. Default 60,000. */
  absentIsFinalAfterMs: number;
  /** Wait before a pending transfer is asked for again, in milliseconds. Default 5,000. */
  pollAfterMs: number;
  /** Wait after 429 without Retry-After, and before a recipient is tried again, in milliseconds. Default 1,000. */
  throttleMs: number;
}

export const PAYSTACK_CURRENCIES = ['NGN', 'GHS', 'KES', 'ZAR'] as const;
const BULK_MAX = 100;

/** @throws Error with one sentence that names the lane and the setting. */
export function readPaystackConfig(laneId: string, settings: unknown): PaystackConfig {
  const read = new SettingsReader(laneId, settings);
  const currencies = read.currencies('currencies');
  const unpaid = currencies.find((code) => !PAYSTACK_CURRENCIES.some((paid) => paid === code));
  if (unpaid !== undefined) read.fail('currencies', `names ${unpaid}, which Paystack does not pay out`);
  const bulkMax = read.whole('bulkMax', 1, 1);
  if (bulkMax > BULK_MAX) read.fail('bulkMax', `must be at most ${BULK_MAX}`);
  return {
    baseUrl: read.url('baseUrl').replace(/\/+$/, ''),
    secretKey: read.text('secretKey'),
    currencies,
    bankCodes: new Map(read.pairs('bankCodes').map(([name, code]) => [name.toLowerCase(), code])),
    bulkMax,
    requestTimeoutMs: read.whole('requestTimeoutMs', 30_000, 1),
    answerBytesMax: read.whole('answerBytesMax', 1_048_576, 1),
    maxSockets: read.whole('maxSockets', 64, 1),
    absentIsFinalAfterMs: read.whole('absentIsFinalAfterMs', 60_000, 0),
    pollAfterMs: read.whole('pollAfterMs', 5_000, 0),
    throttleMs: read.whole('throttleMs', 1_000, 0),
  };
}

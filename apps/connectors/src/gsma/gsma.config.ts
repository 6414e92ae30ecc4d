import { SettingsReader } from '../lanes/settings.reader.js';

/** Settings of one GSMA Mobile Money lane: `settings` of its entry in the lanes file. */
export interface GsmaConfig {
  /** Base of the provider's API, without a slash at the end. https, except on a loopback address. Required. */
  baseUrl: string;
  /** OAuth2 token endpoint (client credentials, HTTP Basic). Required. */
  tokenUrl: string;
  clientId: string;
  clientSecret: string;
  /** Sent as X-API-Key where the provider wants one. Default none. */
  apiKey: string | undefined;
  /** Account id at the provider per payer address of ours (`payer_fa`, as stored). Default none. */
  payerAccounts: ReadonlyMap<string, string>;
  /** Account id for every other payer address; without it the address itself names the account. Default none. */
  defaultPayerAccount: string | undefined;
  /** ISO 4217 codes that the provider pays out. The GSMA list ends in 2017: no MRU, STN, SLE. Required. */
  currencies: readonly string[];
  /** Longest wait for one answer of the provider, in milliseconds. Default 30,000. */
  requestTimeoutMs: number;
  /** Largest answer that is read, in bytes. Default 262,144. */
  answerBytesMax: number;
  /** Connections to the provider at once. Default 128. */
  maxSockets: number;
  /** How long after the last possible send an "unknown id" answer is believed, in milliseconds. Default 60,000. */
  absentIsFinalAfterMs: number;
  /** How long the provider remembers a correlation id; rule F stops sending again before. Default 24 h, or 'forever'. */
  dedupeWindowMs: number | 'forever';
  /** Wait before a pending disbursement is asked for again, in milliseconds. Default 5,000. */
  pollAfterMs: number;
  /** Wait after rateLimitError, 429 or 503 without Retry-After, in milliseconds. Default 1,000. */
  throttleMs: number;
  /** The provider's own words for transactionStatus, beside completed, pending and reversed. Default none. */
  transactionStatuses: ReadonlyMap<string, TransactionMeaning>;
}

export const TRANSACTION_MEANINGS = ['accepted', 'settled', 'returned', 'rejected'] as const;
export type TransactionMeaning = (typeof TRANSACTION_MEANINGS)[number];

const DAY_MS = 86_400_000;

/** @throws Error with one sentence that names the lane and the setting. */
export function readGsmaConfig(laneId: string, settings: unknown): GsmaConfig {
  const read = new SettingsReader(laneId, settings);
  return {
    baseUrl: read.url('baseUrl').replace(/\/+$/, ''),
    tokenUrl: read.url('tokenUrl'),
    clientId: read.text('clientId'),
    clientSecret: read.text('clientSecret'),
    apiKey: read.optionalText('apiKey'),
    payerAccounts: new Map(read.pairs('payerAccounts')),
    defaultPayerAccount: read.optionalText('defaultPayerAccount'),
    currencies: read.currencies('currencies'),
    requestTimeoutMs: read.whole('requestTimeoutMs', 30_000, 1),
    answerBytesMax: read.whole('answerBytesMax', 262_144, 1),
    maxSockets: read.whole('maxSockets', 128, 1),
    absentIsFinalAfterMs: read.whole('absentIsFinalAfterMs', 60_000, 0),
    dedupeWindowMs:
      read.value('dedupeWindowMs') === 'forever' ? 'forever' : read.whole('dedupeWindowMs', DAY_MS, 1),
    pollAfterMs: read.whole('pollAfterMs', 5_000, 0),
    throttleMs: read.whole('throttleMs', 1_000, 0),
    transactionStatuses: new Map(
      read
        .pairs('transactionStatuses')
        .map(([word, meaning]) => [word.toLowerCase(), meaningOf(read, word, meaning)]),
    ),
  };
}

function meaningOf(read: SettingsReader, word: string, meaning: string): TransactionMeaning {
  const found = TRANSACTION_MEANINGS.find((item) => item === meaning);
  return (
    found ?? read.fail(`transactionStatuses.${word}`, `must be one of ${TRANSACTION_MEANINGS.join(', ')}`)
  );
}

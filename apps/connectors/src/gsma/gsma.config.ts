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
        .map(([word, meaning]) => [word.toLowerCase(), read.meaning(word, meaning)]),
    ),
  };
}

class SettingsReader {
  private readonly settings: Record<string, unknown>;

  constructor(
    private readonly laneId: string,
    settings: unknown,
  ) {
    if (!isObject(settings)) throw new Error(`Lane ${laneId}: settings must be an object.`);
    this.settings = settings;
  }

  value(name: string): unknown {
    return this.settings[name];
  }

  text(name: string): string {
    const value = this.settings[name];
    if (typeof value === 'string' && value !== '') return value;
    return this.fail(name, 'must be a text');
  }

  optionalText(name: string): string | undefined {
    return this.settings[name] === undefined ? undefined : this.text(name);
  }

  url(name: string): string {
    const text = this.text(name);
    if (!URL.canParse(text)) return this.fail(name, 'must be a URL');
    const { protocol, hostname, username, search, hash } = new URL(text);
    const loopback = hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
    if (protocol !== 'https:' && !(protocol === 'http:' && loopback)) {
      return this.fail(name, 'must use https, except on a loopback address');
    }
    if (username !== '' || search !== '' || hash !== '') return this.fail(name, 'must be a plain URL');
    return text;
  }

  whole(name: string, fallback: number, least: number): number {
    const value = this.settings[name] ?? fallback;
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least) return value;
    return this.fail(name, `must be a whole number from ${least}`);
  }

  currencies(name: string): string[] {
    const value = this.settings[name];
    const valid = (item: unknown): item is string => typeof item === 'string' && /^[A-Z]{3}$/.test(item);
    if (Array.isArray(value) && value.length > 0 && value.every(valid)) return value;
    return this.fail(name, 'must be a list of currency codes');
  }

  pairs(name: string): [string, string][] {
    const value = this.settings[name] ?? {};
    if (!isObject(value)) return this.fail(name, 'must be an object');
    return Object.entries(value).map(([key, item]) => {
      return typeof item === 'string' ? [key, item] : this.fail(`${name}.${key}`, 'must be a text');
    });
  }

  meaning(word: string, meaning: string): TransactionMeaning {
    const found = TRANSACTION_MEANINGS.find((item) => item === meaning);
    return (
      found ?? this.fail(`transactionStatuses.${word}`, `must be one of ${TRANSACTION_MEANINGS.join(', ')}`)
    );
  }

  private fail(name: string, sentence: string): never {
    throw new Error(`Lane ${this.laneId}: settings.${name} ${sentence}.`);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

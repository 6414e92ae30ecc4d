import { SettingsReader } from '../lanes/settings.reader.js';

/** An account as a file names it: an IBAN, or a number at the bank that stands beside it. */
export type Account = { iban: string } | { number: string };

/** A bank as a file names it: a BIC, or a member of a national clearing system. */
export type Agent = { bic: string } | { member: string };

/** Settings of one ISO 20022 lane: `settings` of its entry in the lanes file. One lane is one bank. */
export interface Iso20022Config {
  /** Name or address of the bank's SFTP server. Required. */
  host: string;
  /** Default 22. */
  port: number;
  username: string;
  /** File with our private key (OpenSSH or PEM), or `password`; one of them. */
  privateKeyFile: string | undefined;
  password: string | undefined;
  /** Fingerprints of the server's keys, `SHA256:…` as ssh-keygen -l prints them. A server with any other key gets nothing. Required. */
  hostKeys: readonly string[];
  /** Folder at the bank for our files. Required. */
  ordersFolder: string;
  /** Folder at the bank with its answers. Required. */
  answersFolder: string;
  /** Before the message id in the name of a file. Default none. */
  fileNamePrefix: string;
  /** Name of the payer, as the bank knows it (InitgPty, Dbtr). Required. */
  payerName: string;
  /** The bank itself (DbtrAgt): a BIC, or `member:CODE`. Required. */
  payerBank: Agent;
  /** Account per payer address of ours (`payer_fa`, as stored): `iban:…` or `account:…`. Default none. */
  payerAccounts: ReadonlyMap<string, Account>;
  /** Account for every other payer address; without it the address itself must name one. Default none. */
  defaultPayerAccount: Account | undefined;
  /** Bank per provider of payee_fa (any case): a BIC, or `member:CODE`. A provider that is a BIC needs no entry. Default none. */
  payeeBanks: ReadonlyMap<string, Agent>;
  /** Code of the clearing system that members belong to (ClrSysId/Cd). Default none. */
  clearingSystem: string | undefined;
  /** CtgyPurp/Cd of every item. Default none. */
  categoryPurpose: string | undefined;
  /** ISO 4217 codes that the bank pays out. Required. */
  currencies: readonly string[];
  /** Most items in one file. Default 1,000. */
  fileItemsMax: number;
  /** Time zone in which the day of execution is today. Default UTC. */
  timeZone: string;
  /** Longest wait for one step of the transport, in milliseconds. Default 20,000. */
  requestTimeoutMs: number;
  /** Largest answer file that is read, in bytes. Default 64 MiB. */
  answerBytesMax: number;
  /** Reporting agreement: ACCC in a pain.002 (on the payee's account) is success as well as a booked debit. Default false. */
  acccSettles: boolean;
  /** Reporting agreement: the bank acknowledges every file within this time, in milliseconds; 0 = it reports refusals only. Default 0. */
  acknowledgedWithinMs: number;
  /** Whether the bank refuses a message id that it has seen; without it nothing is ever sent again. Default `rejects`. */
  duplicateCheck: 'rejects' | 'none';
  /** How long the bank remembers message ids, in milliseconds. Default 7 days, or 'forever'. */
  dedupeWindowMs: number | 'forever';
  /** How long after the last possible send a file that is not there is believed never to come, in milliseconds. Default 60,000. */
  absentIsFinalAfterMs: number;
  /** Wait before the record is asked again for an item about which the bank says nothing, in milliseconds. Default 1 hour. */
  pollAfterMs: number;
}

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const ITEMS_LIMIT = 10_000;
const MEBIBYTE = 1_048_576;
export const BIC = /^[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?$/;

/** @throws Error with one sentence that names the lane and the setting. */
export function readIso20022Config(laneId: string, settings: unknown): Iso20022Config {
  const read = new SettingsReader(laneId, settings);
  const privateKeyFile = read.optionalText('privateKeyFile');
  const password = read.optionalText('password');
  if ((privateKeyFile === undefined) === (password === undefined))
    read.fail('privateKeyFile', 'or settings.password must be given, and not both');
  const fallback = read.optionalText('defaultPayerAccount');
  return {
    host: read.text('host'),
    port: read.whole('port', 22, 1),
    username: read.text('username'),
    privateKeyFile,
    password,
    hostKeys: fingerprints(read),
    ordersFolder: read.text('ordersFolder').replace(/\/+$/, ''),
    answersFolder: read.text('answersFolder').replace(/\/+$/, ''),
    fileNamePrefix: prefix(read),
    payerName: read.text('payerName'),
    payerBank: agent(read, 'payerBank', read.text('payerBank')),
    payerAccounts: new Map(
      read
        .pairs('payerAccounts')
        .map(([payer, text]) => [payer, account(read, `payerAccounts.${payer}`, text)]),
    ),
    defaultPayerAccount: fallback === undefined ? undefined : account(read, 'defaultPayerAccount', fallback),
    payeeBanks: new Map(
      read
        .pairs('payeeBanks')
        .map(([provider, text]) => [provider.toLowerCase(), agent(read, `payeeBanks.${provider}`, text)]),
    ),
    clearingSystem: code(read, 'clearingSystem', /^[A-Z0-9]{1,5}$/),
    categoryPurpose: code(read, 'categoryPurpose', /^[A-Z0-9]{1,4}$/),
    currencies: read.currencies('currencies'),
    fileItemsMax: itemsMax(read),
    timeZone: timeZone(read),
    requestTimeoutMs: read.whole('requestTimeoutMs', 20_000, 1),
    answerBytesMax: read.whole('answerBytesMax', 64 * MEBIBYTE, 1),
    ...agreement(read),
    absentIsFinalAfterMs: read.whole('absentIsFinalAfterMs', 60_000, 0),
    pollAfterMs: read.whole('pollAfterMs', HOUR_MS, 0),
  };
}

/** What the bank and we have agreed about reports and about files sent twice. */
function agreement(
  read: SettingsReader,
): Pick<Iso20022Config, 'acccSettles' | 'acknowledgedWithinMs' | 'duplicateCheck' | 'dedupeWindowMs'> {
  const duplicateCheck = read.value('duplicateCheck') ?? 'rejects';
  if (duplicateCheck !== 'rejects' && duplicateCheck !== 'none')
    return read.fail('duplicateCheck', 'must be rejects or none');
  const acccSettles = read.value('acccSettles') ?? false;
  if (typeof acccSettles !== 'boolean') return read.fail('acccSettles', 'must be true or false');
  return {
    acccSettles,
    acknowledgedWithinMs: read.whole('acknowledgedWithinMs', 0, 0),
    duplicateCheck,
    dedupeWindowMs:
      read.value('dedupeWindowMs') === 'forever' ? 'forever' : read.whole('dedupeWindowMs', 7 * DAY_MS, 1),
  };
}

function fingerprints(read: SettingsReader): string[] {
  const value = read.value('hostKeys');
  const valid = (item: unknown): item is string =>
    typeof item === 'string' && /^SHA256:[A-Za-z0-9+/]{43}$/.test(item);
  if (Array.isArray(value) && value.length > 0 && value.every(valid)) return value;
  return read.fail('hostKeys', 'must be a list of fingerprints SHA256:…');
}

/** Account of a setting or an address; undefined where the text names none. */
export function accountOf(text: string): Account | undefined {
  const [, kind = '', id = ''] = /^(iban|account|account_no):([^@]+)/i.exec(text) ?? [];
  if (kind.toLowerCase() !== 'iban') return id !== '' && id.length <= 34 ? { number: id } : undefined;
  const iban = id.replace(/[\s-]/g, '').toUpperCase();
  return isIban(iban) ? { iban } : undefined;
}

/** Form and check digits (ISO 13616, mod 97). */
export function isIban(text: string): boolean {
  if (!/^[A-Z]{2}\d{2}[A-Z0-9]{1,30}$/.test(text)) return false;
  const digits = `${text.slice(4)}${text.slice(0, 4)}`.replace(/[A-Z]/g, (letter) =>
    String(letter.charCodeAt(0) - 55),
  );
  return BigInt(digits) % 97n === 1n;
}

function account(read: SettingsReader, name: string, text: string): Account {
  return accountOf(text) ?? read.fail(name, 'must be iban:… with valid check digits, or account:…');
}

function agent(read: SettingsReader, name: string, text: string): Agent {
  const [, member] = /^member:([^\s]{1,35})$/.exec(text) ?? [];
  if (member !== undefined) return { member };
  return BIC.test(text) ? { bic: text } : read.fail(name, 'must be a BIC, or member:CODE');
}

function code(read: SettingsReader, name: string, form: RegExp): string | undefined {
  const text = read.optionalText(name);
  return text === undefined || form.test(text) ? text : read.fail(name, 'must be a code in capital letters');
}

function prefix(read: SettingsReader): string {
  const text = read.optionalText('fileNamePrefix') ?? '';
  return /^[A-Za-z0-9._-]{0,64}$/.test(text)
    ? text
    : read.fail('fileNamePrefix', 'must be letters, digits and ._-');
}

function itemsMax(read: SettingsReader): number {
  const most = read.whole('fileItemsMax', 1_000, 2);
  return most <= ITEMS_LIMIT ? most : read.fail('fileItemsMax', `must be at most ${ITEMS_LIMIT}`);
}

function timeZone(read: SettingsReader): string {
  const zone = read.optionalText('timeZone') ?? 'UTC';
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone;
  } catch {
    return read.fail('timeZone', 'must be a time zone such as Africa/Nairobi');
  }
}

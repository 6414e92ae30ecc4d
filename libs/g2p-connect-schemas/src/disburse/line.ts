import { parseAmount } from '../amount.js';
import { isNumberText, plain } from '../exact-json.js';
import { ADDRESS_MAX, addressProblem, parseAddress, type FinancialAddress } from '../financial-address.js';
import { dueTime } from '../time.js';
import { LINE_LIMITS } from './disbursement.dto.js';
import { CURRENCY_KEPT_MAX, KEPT_TEXT_MAX, beginning, unreadableAmount } from './kept-text.js';
import { invalidFields } from './line.validator.js';
import type { Profile } from './profile.js';

/** A raw line, read. `line`: it gets a row, with what is wrong in `violations`. `refused`: it can have none. */
export type LineReading =
  | {
      kind: 'line';
      referenceId: string;
      payerFa: string;
      /** The line names no payer; payerFa is the sender's default, and it is told so again (D23). */
      payerAbsent: boolean;
      payeeFa: string;
      payeeScheme: string;
      payeeId: string;
      payeeProvider: string;
      payerName?: string;
      payeeName?: string;
      /** Canonical decimal text; where it is not an amount, the beginning of what was sent, never a number of its own. */
      amount: string;
      /** Minor units; null where the text is not an amount of this currency. */
      amountMinor: bigint | null;
      currencyCode: string;
      exponent: number | null;
      note?: string;
      purpose?: string;
      instruction?: string;
      locale?: string;
      scheduledTimestamp?: string;
      /** null = at once. */
      dueAt: Date | null;
      violations: string[];
    }
  | { kind: 'refused'; referenceId?: string; errors: string[]; message: string };

/** Every field of a line that is read as it stands; `meta` is not among them. */
export const LINE_FIELDS = [
  'reference_id',
  'payer_fa',
  'payee_fa',
  'amount',
  'currency_code',
  'scheduled_timestamp',
  'payer_name',
  'payee_name',
  'note',
  'purpose',
  'instruction',
  'locale',
] as const;

const TEXT_FIELDS = LINE_FIELDS.filter((field) => field !== 'reference_id' && field !== 'amount');

/** Texts that may stay longer than the specification allows, and what is checked of them (profile.overlongTexts). */
const FREE_TEXTS = {
  note: LINE_LIMITS.note,
  purpose: LINE_LIMITS.purpose,
  instruction: LINE_LIMITS.instruction,
};
const NUMBER_TEXTS: ReadonlySet<string> = new Set([
  ...Object.keys(FREE_TEXTS),
  'payer_name',
  'payee_name',
  'locale',
]);

const CODE_OF_FIELD: Readonly<Record<string, string>> = {
  payer_fa: 'rjct.payer_fa.invalid',
  payee_fa: 'rjct.payee_fa.invalid',
  amount: 'rjct.amount.invalid',
  currency_code: 'rjct.currency_code.invalid',
  scheduled_timestamp: 'rjct.schedule_ts.invalid',
  payer_name: 'rjct.payer_name.invalid',
  payee_name: 'rjct.payee_name.invalid',
  note: 'rjct.note.invalid',
  purpose: 'rjct.purpose.invalid',
  instruction: 'rjct.instruction.invalid',
  locale: 'rjct.locale.invalid',
  meta: 'rjct.meta.invalid',
};

const UNPRINTABLE = /[\u0000-\u001f\u007f]/;

/** What the sender's settings add to a line. */
export interface LineDefaults {
  /** The payer of a line that names none. */
  payerFa: string;
  /** Read into a payee that is only a number (`000123`): real clients send them bare. */
  bareAccount?: { scheme: string; provider: string };
}

/** Reads one element of message.disbursements as the profile allows. Never throws. */
export function readLine(raw: unknown, profile: Profile, defaults: LineDefaults): LineReading {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    return { kind: 'refused', errors: ['rjct.reference_id.invalid'], message: 'The line is not an object.' };
  }
  const source = raw as Record<string, unknown>;
  const reference = readReference(source.reference_id);
  if (reference === undefined) {
    return {
      kind: 'refused',
      errors: ['rjct.reference_id.invalid'],
      message: 'The line has no usable reference_id.',
    };
  }
  const fields = normalise(source, profile);
  fields.reference_id = reference;
  const payerAbsent = fields.payer_fa === undefined || fields.payer_fa === '';
  if (payerAbsent) fields.payer_fa = defaults.payerFa;
  return { ...assemble(fields, profile, defaults), payerAbsent };
}

function readReference(value: unknown): string | undefined {
  const text = isNumberText(value) ? plain(value) : value;
  if (typeof text !== 'string' || text === '' || text.length > LINE_LIMITS.reference_id) return undefined;
  return UNPRINTABLE.test(text) ? undefined : text;
}

/** The profile's coercions; what stays of the wrong type is found by the compiled validator. */
function normalise(source: Record<string, unknown>, profile: Profile): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const field of TEXT_FIELDS) {
    const value = source[field];
    if (value === undefined || value === null || (value === false && profile.falseIsAbsent)) continue;
    const asText = profile.numberTexts && NUMBER_TEXTS.has(field) && isNumberText(value);
    fields[field] = asText ? plain(value) : value;
  }
  const { amount, meta } = source;
  if (isNumberText(amount)) fields.amount = profile.numberAmounts ? plain(amount) : 0;
  else if (amount !== undefined && amount !== null) fields.amount = amount;
  if (profile.requireEnvelope && meta !== undefined) fields.meta = isNumberText(meta) ? 0 : meta;
  return fields;
}

/** The fields as the DTO's rules are put to them: long free texts are judged by their beginning where they may be kept. */
function judged(fields: Record<string, unknown>, profile: Profile): Record<string, unknown> {
  if (profile.overlongTexts === 'reject') return fields;
  const copy = { ...fields };
  for (const [field, limit] of Object.entries(FREE_TEXTS)) {
    const value = copy[field];
    if (typeof value === 'string' && value.length > limit) copy[field] = value.slice(0, limit);
  }
  if (typeof copy.locale === 'string') delete copy.locale;
  return copy;
}

type Assembled = Omit<Extract<LineReading, { kind: 'line' }>, 'payerAbsent'>;

function assemble(fields: Record<string, unknown>, profile: Profile, defaults: LineDefaults): Assembled {
  const violations = new Set<string>();
  for (const field of invalidFields(judged(fields, profile))) {
    const code = CODE_OF_FIELD[field];
    if (code !== undefined) violations.add(code);
  }
  const payeeFa = text(fields.payee_fa);
  const payerFa = text(fields.payer_fa);
  if (addressProblem(payeeFa) !== undefined) violations.add('rjct.payee_fa.invalid');
  if (addressProblem(payerFa) !== undefined) violations.add('rjct.payer_fa.invalid');
  const currencyCode = text(fields.currency_code);
  const money = parseAmount(text(fields.amount), currencyCode);
  if (!money.ok) violations.add(money.reason === 'currency_unknown' ? CURRENCY_CODE : AMOUNT_CODE);
  const due = dueTime(optional(fields.scheduled_timestamp), profile.naiveTimestamps, new Date());
  if (due === undefined) violations.add('rjct.schedule_ts.invalid');
  const payee = readPayee(payeeFa, defaults);
  return {
    kind: 'line',
    referenceId: text(fields.reference_id),
    payerFa: beginning(payerFa, ADDRESS_MAX),
    payeeFa: beginning(payeeFa, ADDRESS_MAX),
    payeeScheme: beginning(payee.scheme, ADDRESS_MAX),
    payeeId: beginning(payee.id, ADDRESS_MAX),
    payeeProvider: beginning(payee.provider, ADDRESS_MAX),
    amount: money.ok ? money.canonical : unreadableAmount(text(fields.amount)),
    amountMinor: money.ok ? money.minor : null,
    currencyCode: beginning(currencyCode, CURRENCY_KEPT_MAX),
    exponent: money.ok ? money.exponent : null,
    dueAt: due ?? null,
    violations: [...violations],
    ...optionalTexts(fields),
  };
}

const AMOUNT_CODE = 'rjct.amount.invalid';
const CURRENCY_CODE = 'rjct.currency_code.invalid';

function readPayee(payeeFa: string, { bareAccount }: LineDefaults): FinancialAddress {
  const payee = parseAddress(payeeFa);
  const isBare = payee.scheme === '' && payee.provider === '' && payee.id !== '';
  return isBare && bareAccount !== undefined ? { ...payee, ...bareAccount } : payee;
}

const KEPT_TEXTS = [
  ['payerName', 'payer_name', LINE_LIMITS.name],
  ['payeeName', 'payee_name', LINE_LIMITS.name],
  ['note', 'note', KEPT_TEXT_MAX],
  ['purpose', 'purpose', KEPT_TEXT_MAX],
  ['instruction', 'instruction', KEPT_TEXT_MAX],
  ['locale', 'locale', LINE_LIMITS.locale],
  ['scheduledTimestamp', 'scheduled_timestamp', LINE_LIMITS.scheduled_timestamp],
] as const;

function optionalTexts(fields: Record<string, unknown>): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [name, field, kept] of KEPT_TEXTS) {
    const value = optional(fields[field], kept);
    if (value !== undefined) texts[name] = value;
  }
  return texts;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function optional(value: unknown, kept = Infinity): string | undefined {
  return typeof value === 'string' && value !== '' ? beginning(value, kept) : undefined;
}

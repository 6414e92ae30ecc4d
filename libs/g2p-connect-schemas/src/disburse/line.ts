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
      payerName: string | undefined;
      payeeName: string | undefined;
      /** Canonical decimal text; where it is not an amount, the beginning of what was sent, never a number of its own. */
      amount: string;
      /** Minor units; null where the text is not an amount of this currency. */
      amountMinor: bigint | null;
      currencyCode: string;
      exponent: number | null;
      note: string | undefined;
      purpose: string | undefined;
      instruction: string | undefined;
      locale: string | undefined;
      scheduledTimestamp: string | undefined;
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

type Fields = Record<(typeof LINE_FIELDS)[number] | 'meta', unknown>;

/** Texts that may stay longer than the specification allows, and what is checked of them (profile.overlongTexts). */
const FREE_TEXTS = [
  ['note', LINE_LIMITS.note],
  ['purpose', LINE_LIMITS.purpose],
  ['instruction', LINE_LIMITS.instruction],
] as const;

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
  return assemble(normalise(source, reference, profile), profile, defaults);
}

function readReference(value: unknown): string | undefined {
  const text = isNumberText(value) ? plain(value) : value;
  if (typeof text !== 'string' || text === '' || text.length > LINE_LIMITS.reference_id) return undefined;
  return UNPRINTABLE.test(text) ? undefined : text;
}

/**
 * The profile's coercions; what stays of the wrong type is found by the compiled validator. Every line becomes an object
 * of one shape, which the engine reads and writes several times faster than one that grows field by field.
 */
function normalise(source: Record<string, unknown>, reference: string, profile: Profile): Fields {
  const { amount, meta } = source;
  return {
    reference_id: reference,
    payer_fa: given(source.payer_fa, profile),
    payee_fa: given(source.payee_fa, profile),
    amount: isNumberText(amount) ? (profile.numberAmounts ? plain(amount) : 0) : (amount ?? undefined),
    currency_code: given(source.currency_code, profile),
    scheduled_timestamp: given(source.scheduled_timestamp, profile),
    payer_name: givenText(source.payer_name, profile),
    payee_name: givenText(source.payee_name, profile),
    note: givenText(source.note, profile),
    purpose: givenText(source.purpose, profile),
    instruction: givenText(source.instruction, profile),
    locale: givenText(source.locale, profile),
    meta: profile.requireEnvelope && isNumberText(meta) ? 0 : profile.requireEnvelope ? meta : undefined,
  };
}

function given(value: unknown, profile: Profile): unknown {
  return value === null || (value === false && profile.falseIsAbsent) ? undefined : value;
}

/** A text that some clients send as a number. */
function givenText(value: unknown, profile: Profile): unknown {
  return profile.numberTexts && isNumberText(value) ? plain(value) : given(value, profile);
}

/** The fields as the DTO's rules are put to them: long free texts are judged by their beginning where they may be kept. */
function judged(fields: Fields, profile: Profile): Fields {
  if (profile.overlongTexts === 'reject') return fields;
  const isLong = FREE_TEXTS.some(([field, limit]) => text(fields[field]).length > limit);
  if (!isLong && typeof fields.locale !== 'string') return fields;
  const copy = { ...fields };
  for (const [field, limit] of FREE_TEXTS)
    if (typeof copy[field] === 'string') copy[field] = copy[field].slice(0, limit);
  if (typeof copy.locale === 'string') copy.locale = undefined;
  return copy;
}

type Line = Extract<LineReading, { kind: 'line' }>;

function assemble(fields: Fields, profile: Profile, defaults: LineDefaults): Line {
  const violations: string[] = [];
  const payerAbsent = fields.payer_fa === undefined || fields.payer_fa === '';
  if (payerAbsent) fields.payer_fa = defaults.payerFa;
  for (const field of invalidFields(judged(fields, profile))) violate(violations, CODE_OF_FIELD[field]);
  const payeeFa = text(fields.payee_fa);
  const payerFa = text(fields.payer_fa);
  if (addressProblem(payeeFa) !== undefined) violate(violations, 'rjct.payee_fa.invalid');
  if (addressProblem(payerFa) !== undefined) violate(violations, 'rjct.payer_fa.invalid');
  const currencyCode = text(fields.currency_code);
  const money = parseAmount(text(fields.amount), currencyCode);
  if (!money.ok) violate(violations, money.reason === 'currency_unknown' ? CURRENCY_CODE : AMOUNT_CODE);
  const scheduled = optional(fields.scheduled_timestamp, Infinity);
  const due = scheduled === undefined ? null : dueTime(scheduled, profile.naiveTimestamps, new Date());
  if (due === undefined) violate(violations, 'rjct.schedule_ts.invalid');
  const payee = readPayee(payeeFa, defaults);
  return {
    kind: 'line',
    referenceId: text(fields.reference_id),
    payerFa: beginning(payerFa, ADDRESS_MAX),
    payerAbsent,
    payeeFa: beginning(payeeFa, ADDRESS_MAX),
    payeeScheme: beginning(payee.scheme, ADDRESS_MAX),
    payeeId: beginning(payee.id, ADDRESS_MAX),
    payeeProvider: beginning(payee.provider, ADDRESS_MAX),
    payerName: optional(fields.payer_name, LINE_LIMITS.name),
    payeeName: optional(fields.payee_name, LINE_LIMITS.name),
    amount: money.ok ? money.canonical : unreadableAmount(text(fields.amount)),
    amountMinor: money.ok ? money.minor : null,
    currencyCode: beginning(currencyCode, CURRENCY_KEPT_MAX),
    exponent: money.ok ? money.exponent : null,
    note: optional(fields.note, KEPT_TEXT_MAX),
    purpose: optional(fields.purpose, KEPT_TEXT_MAX),
    instruction: optional(fields.instruction, KEPT_TEXT_MAX),
    locale: optional(fields.locale, LINE_LIMITS.locale),
    scheduledTimestamp: optional(fields.scheduled_timestamp, LINE_LIMITS.scheduled_timestamp),
    dueAt: due ?? null,
    violations,
  };
}

function violate(violations: string[], code: string | undefined): void {
  if (code !== undefined && !violations.includes(code)) violations.push(code);
}

const AMOUNT_CODE = 'rjct.amount.invalid';
const CURRENCY_CODE = 'rjct.currency_code.invalid';

function readPayee(payeeFa: string, { bareAccount }: LineDefaults): FinancialAddress {
  const payee = parseAddress(payeeFa);
  const isBare = payee.scheme === '' && payee.provider === '' && payee.id !== '';
  return isBare && bareAccount !== undefined ? { ...payee, ...bareAccount } : payee;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function optional(value: unknown, kept: number): string | undefined {
  return typeof value === 'string' && value !== '' ? beginning(value, kept) : undefined;
}

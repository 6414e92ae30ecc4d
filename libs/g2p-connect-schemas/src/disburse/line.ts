import { parseAmount } from '../amount.js';
import { isNumberText, plain } from '../exact-json.js';
import { addressProblem, parseAddress } from '../financial-address.js';
import { dueTime } from '../time.js';
import { invalidFields } from './line.validator.js';
import type { Profile } from './profile.js';

/** A raw line, read. `line`: it gets a row, with what is wrong in `violations`. `refused`: it can have none. */
export type LineReading =
  | {
      kind: 'line';
      referenceId: string;
      payerFa: string;
      /** The line names no payer; payerFa is the sender's default. */
      payerAbsent: boolean;
      payeeFa: string;
      payeeScheme: string;
      payeeId: string;
      payeeProvider: string;
      payerName?: string;
      payeeName?: string;
      /** Canonical decimal text, or what was sent where it is not an amount. */
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

const TEXT_FIELDS = [
  'payer_fa',
  'payee_fa',
  'currency_code',
  'scheduled_timestamp',
  'payer_name',
  'payee_name',
  'note',
  'purpose',
  'instruction',
  'locale',
] as const;

const CODE_OF_FIELD: Readonly<Record<string, string>> = {
  payer_fa: 'rjct.payer_fa.invalid',
  payee_fa: 'rjct.payee_fa.invalid',
  amount: 'rjct.amount.invalid',
  currency_code: 'rjct.currency_code.invalid',
  scheduled_timestamp: 'rjct.schedule_ts.invalid',
};

const REFERENCE_ID_MAX = 255;

const UNPRINTABLE = /[\u0000-\u001f\u007f]/;

/** Reads one element of message.disbursements as the profile allows. Never throws. */
export function readLine(raw: unknown, profile: Profile, defaults: { payerFa: string }): LineReading {
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
  return assemble(fields, profile, payerAbsent);
}

function readReference(value: unknown): string | undefined {
  const text = isNumberText(value) ? plain(value) : value;
  if (typeof text !== 'string' || text === '' || text.length > REFERENCE_ID_MAX || UNPRINTABLE.test(text))
    return undefined;
  return text;
}

/** The profile's coercions; what stays of the wrong type is found by the compiled validator. */
function normalise(source: Record<string, unknown>, profile: Profile): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const field of TEXT_FIELDS) {
    const value = source[field];
    if (value === undefined || value === null || (value === false && profile.falseIsAbsent)) continue;
    fields[field] = value;
  }
  const amount = source.amount;
  if (isNumberText(amount)) fields.amount = profile.numberAmounts ? plain(amount) : 0;
  else if (amount !== undefined && amount !== null) fields.amount = amount;
  return fields;
}

function assemble(fields: Record<string, unknown>, profile: Profile, payerAbsent: boolean): LineReading {
  const violations = new Set<string>();
  for (const field of invalidFields(fields)) {
    const code = CODE_OF_FIELD[field];
    if (code !== undefined) violations.add(code);
  }
  const payeeFa = text(fields.payee_fa);
  const payerFa = text(fields.payer_fa);
  if (addressProblem(payeeFa) !== undefined) violations.add('rjct.payee_fa.invalid');
  if (addressProblem(payerFa) !== undefined) violations.add('rjct.payer_fa.invalid');
  const currencyCode = text(fields.currency_code);
  const money = parseAmount(text(fields.amount), currencyCode);
  if (!money.ok)
    violations.add(
      money.reason === 'currency_unknown' ? 'rjct.currency_code.invalid' : 'rjct.amount.invalid',
    );
  const scheduled = optional(fields.scheduled_timestamp);
  const due = dueTime(scheduled, profile.naiveTimestamps, new Date());
  if (due === undefined) violations.add('rjct.schedule_ts.invalid');
  const payee = parseAddress(payeeFa);
  return {
    kind: 'line',
    referenceId: text(fields.reference_id),
    payerFa,
    payerAbsent,
    payeeFa,
    payeeScheme: payee.scheme,
    payeeId: payee.id,
    payeeProvider: payee.provider,
    amount: money.ok ? money.canonical : text(fields.amount).slice(0, REFERENCE_ID_MAX),
    amountMinor: money.ok ? money.minor : null,
    currencyCode: currencyCode.slice(0, 16),
    exponent: money.ok ? money.exponent : null,
    dueAt: due ?? null,
    violations: [...violations],
    ...optionalTexts(fields, scheduled),
  };
}

function optionalTexts(
  fields: Record<string, unknown>,
  scheduled: string | undefined,
): Record<string, string> {
  const texts: Record<string, string | undefined> = {
    payerName: optional(fields.payer_name),
    payeeName: optional(fields.payee_name),
    note: optional(fields.note),
    purpose: optional(fields.purpose),
    instruction: optional(fields.instruction),
    locale: optional(fields.locale),
    scheduledTimestamp: scheduled,
  };
  return Object.fromEntries(
    Object.entries(texts).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

function text(value: unknown): string {
  return typeof value === 'string' ? plain(value) : '';
}

function optional(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? plain(value) : undefined;
}

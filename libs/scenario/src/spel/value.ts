import { Decimal, Double, isNumber } from './numbers.js';

/** What an expression may yield: null, Boolean, text, numbers, lists, records, or a time. */
export type Value = unknown;

/** An instant in time, as #DATE.now yields it. */
export class Instant {
  constructor(readonly epochMilli: number) {}
}

/** A day without a time, as #DATE_FORMAT.parseLocalDate yields it. */
export class LocalDate {
  constructor(readonly text: string) {}
}

const DIGITS_MAX = 400;

/** A JSON number of a field that no schema declares: passed on with its own digits. */
export class RawNumber {
  constructor(readonly text: string) {}

  /** Digits without exponent: 1e3 becomes 1000, 1.10 stays 1.10; a number of very many digits stays as it came. */
  toString(): string {
    if (!/[eE]/.test(this.text)) return this.text;
    const decimal = Decimal.parse(this.text);
    return decimal === undefined || Math.abs(decimal.scale) > DIGITS_MAX ? this.text : decimal.toString();
  }
}

export function isRecord(value: Value): value is Record<string, Value> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

const INT = 2_147_483_648n;
const LONG = 9_223_372_036_854_775_808n;

/** A raw number as an expression computes with it: the narrowest of Integer, Long and BigDecimal. */
export function unwrap(value: Value): Value {
  if (!(value instanceof RawNumber)) return value;
  const decimal = Decimal.parse(value.text);
  if (decimal === undefined) return value.text;
  const whole = decimal.scale > DIGITS_MAX || decimal.scale < -DIGITS_MAX ? undefined : decimal.whole();
  if (whole === undefined || whole < -LONG || whole >= LONG) return decimal;
  return whole < -INT || whole >= INT ? whole : Number(whole);
}

/** Kind of a value in words for messages. */
export function kindOf(value: Value): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (value instanceof Decimal || value instanceof Double || isNumber(value)) return 'a number';
  if (value instanceof RawNumber) return 'a number';
  if (isRecord(value)) return 'a record';
  if (value instanceof Instant || value instanceof LocalDate) return 'a time';
  return typeof value === 'string' ? 'a text' : 'true or false';
}

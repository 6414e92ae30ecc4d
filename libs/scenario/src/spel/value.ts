import { Decimal, Double, compareNumbers, isNumber } from './numbers.js';

/** What an expression may yield: null, Boolean, text, numbers, lists, records, or a helper such as #DATE. */
export type Value = unknown;

/** An instant in time, as #DATE.now yields it. */
export class Instant {
  constructor(readonly epochMilli: number) {}
}

/** A JSON number of a field that no schema declares: passed on with its own digits. */
export class RawNumber {
  constructor(readonly text: string) {}

  /** Digits without exponent: 1e3 becomes 1000, 1.10 stays 1.10. */
  toString(): string {
    return /[eE]/.test(this.text) ? (Decimal.parse(this.text)?.toString() ?? this.text) : this.text;
  }
}

export function isRecord(value: Value): value is Record<string, Value> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** Java's equality as SpEL's == uses it: numbers by value, everything else by content. */
export function equalValues(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (isNumber(a) && isNumber(b)) return compareNumbers(a, b) === 0;
  if (a instanceof RawNumber || b instanceof RawNumber)
    return equalValues(unwrap(a), unwrap(b)) && a !== null && b !== null;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, i) => equalValues(item, b[i]));
  if (isRecord(a) && isRecord(b)) {
    const keys = Object.keys(a);
    return (
      keys.length === Object.keys(b).length && keys.every((key) => key in b && equalValues(a[key], b[key]))
    );
  }
  return a instanceof Instant && b instanceof Instant && a.epochMilli === b.epochMilli;
}

/** A raw number as an expression computes with it. */
export function unwrap(value: Value): Value {
  if (!(value instanceof RawNumber)) return value;
  const decimal = Decimal.parse(value.text);
  if (decimal === undefined) return value.text;
  return decimal.scale <= 0 ? BigInt(decimal.toString()) : decimal;
}

/** Kind of a value in words for messages. */
export function kindOf(value: Value): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (value instanceof Decimal || value instanceof Double || isNumber(value)) return 'a number';
  if (isRecord(value)) return 'a record';
  return typeof value === 'string' ? 'a text' : typeof value;
}

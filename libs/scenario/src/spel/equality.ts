import { Decimal, Double, compareNumbers, isNumber } from './numbers.js';
import { EvaluationFailed } from './expression-error.js';
import { Instant, LocalDate, RawNumber, isRecord, kindOf, unwrap, type Value } from './value.js';

/** SpEL's ==: numbers by value, everything else as Java's equals. */
export function equalValues(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (typeof a === 'string' && (b === null || typeof b === 'string')) return false;
  if (a instanceof RawNumber || b instanceof RawNumber) return equalValues(unwrap(a), unwrap(b));
  return isNumber(a) && isNumber(b) ? compareNumbers(a, b) === 0 : javaEquals(a, b);
}

/** Java's equals: 1 and 1L differ, as do 1.0 and 1.00 of BigDecimal. */
export function javaEquals(left: Value, right: Value): boolean {
  const [a, b] = [unwrap(left) ?? null, unwrap(right) ?? null];
  if (a instanceof Double) return b instanceof Double && Object.is(a.value, b.value);
  if (a instanceof Decimal) return b instanceof Decimal && a.unscaled === b.unscaled && a.scale === b.scale;
  if (a === b) return true;
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((item, at) => javaEquals(item, b[at]));
  if (isRecord(a)) return isRecord(b) && recordEquals(a, b);
  if (a instanceof LocalDate) return b instanceof LocalDate && a.text === b.text;
  return a instanceof Instant && b instanceof Instant && a.epochMilli === b.epochMilli;
}

function recordEquals(a: Record<string, Value>, b: Record<string, Value>): boolean {
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && javaEquals(a[key], b[key]))
  );
}

/**
 * Order of two values for < <= > >=: null is smaller than everything; NaN where a Double is not a number.
 * @throws EvaluationFailed when they have no order.
 */
export function ordered(a: Value, b: Value): number {
  if (a === null || a === undefined) return b === null || b === undefined ? 0 : -1;
  if (b === null || b === undefined) return 1;
  if (isNumber(a) && isNumber(b)) return compareNumbers(a, b);
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0;
  throw new EvaluationFailed(`${kindOf(a)} cannot be compared with ${kindOf(b)}`);
}

/** Java's compareTo, for sorting, largest and smallest: both of one kind. @throws EvaluationFailed otherwise. */
export function javaCompare(a: Value, b: Value): number {
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  if (typeof a !== typeof b || a === null || b === null)
    throw new EvaluationFailed(`${kindOf(a)} cannot be sorted together with ${kindOf(b)}`);
  if (a instanceof Double && b instanceof Double) return doubleOrder(a.value, b.value);
  if (typeof a === 'object' && a.constructor !== b!.constructor)
    throw new EvaluationFailed('numbers of different kinds cannot be sorted');
  return ordered(a, b);
}

/** Java's Double.compare: -0.0 before 0.0, NaN after everything. */
export function doubleOrder(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  if (a === b && a === 0) return Number(Object.is(b, -0)) - Number(Object.is(a, -0));
  return a < b ? -1 : a > b ? 1 : 0;
}

import { EvaluationFailed } from './expression-error.js';
import { Decimal, Double, ten, toDecimal, toFloat, type SpelNumber } from './numbers.js';

export type Arithmetic = 'add' | 'sub' | 'mul' | 'div' | 'mod' | 'pow';

/** SpEL arithmetic: the wider kind wins, Integer and Long wrap around, 10/4 is 2. */
export function arithmetic(operator: Arithmetic, a: SpelNumber, b: SpelNumber): SpelNumber {
  if (operator === 'pow') return power(a, b);
  if (a instanceof Decimal || b instanceof Decimal)
    return decimalArithmetic(operator, toDecimal(a), toDecimal(b));
  if (a instanceof Double || b instanceof Double)
    return new Double(floatArithmetic(operator, toFloat(a), toFloat(b)));
  const result = integerArithmetic(operator, BigInt(a), BigInt(b));
  return typeof a === 'bigint' || typeof b === 'bigint'
    ? BigInt.asIntN(64, result)
    : Number(BigInt.asIntN(32, result));
}

type Basic = Exclude<Arithmetic, 'pow'>;

function integerArithmetic(operator: Basic, a: bigint, b: bigint): bigint {
  switch (operator) {
    case 'add':
      return a + b;
    case 'sub':
      return a - b;
    case 'mul':
      return a * b;
    case 'div':
    case 'mod':
      if (b === 0n) throw new EvaluationFailed('a number was divided by zero');
      return operator === 'div' ? a / b : a % b;
  }
}

function floatArithmetic(operator: Basic, a: number, b: number): number {
  switch (operator) {
    case 'add':
      return a + b;
    case 'sub':
      return a - b;
    case 'mul':
      return a * b;
    case 'div':
      return a / b;
    case 'mod':
      return a % b;
  }
}

function rescale({ unscaled, scale }: Decimal, to: number): bigint {
  return unscaled * ten(to - scale);
}

function decimalArithmetic(operator: Basic, a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale);
  switch (operator) {
    case 'add':
      return new Decimal(rescale(a, scale) + rescale(b, scale), scale);
    case 'sub':
      return new Decimal(rescale(a, scale) - rescale(b, scale), scale);
    case 'mul':
      return new Decimal(a.unscaled * b.unscaled, a.scale + b.scale);
    case 'div':
    case 'mod':
      if (b.unscaled === 0n) throw new EvaluationFailed('a number was divided by zero');
      return operator === 'div' ? quotient(a, b, scale) : remainder(a, b, scale);
  }
}

/** Spring divides at the larger scale of the two, rounding half to even. */
function quotient(a: Decimal, b: Decimal, scale: number): Decimal {
  const shift = scale - a.scale + b.scale;
  return new Decimal(
    shift >= 0
      ? halfEven(a.unscaled * ten(shift), b.unscaled)
      : halfEven(a.unscaled, b.unscaled * ten(-shift)),
    scale,
  );
}

function halfEven(dividend: bigint, divisor: bigint): bigint {
  const whole = dividend / divisor;
  const rest = (dividend % divisor) * 2n;
  const size = (value: bigint): bigint => (value < 0n ? -value : value);
  const beyond = size(rest) > size(divisor) || (size(rest) === size(divisor) && whole % 2n !== 0n);
  return beyond ? whole + (dividend < 0n === divisor < 0n ? 1n : -1n) : whole;
}

/** The rest of a whole division, with the scale that Java's BigDecimal.remainder gives it. */
function remainder(a: Decimal, b: Decimal, scale: number): Decimal {
  const [x, y] = [rescale(a, scale), rescale(b, scale)];
  const preferred = a.scale - b.scale;
  let quotientScale = preferred;
  if (preferred < 0 && x / y !== 0n) {
    const zeros = /0*$/.exec((x / y).toString())![0].length;
    quotientScale = -Math.min(zeros, -preferred);
  }
  const result = Math.max(a.scale, quotientScale + b.scale);
  const rest = x % y;
  return new Decimal(result >= scale ? rest * ten(result - scale) : rest / ten(scale - result), result);
}

const EXPONENT_MAX = 999_999_999;
const POWER_DIGITS_MAX = 10_000;
const INT_MAX = 2_147_483_647;

function power(a: SpelNumber, b: SpelNumber): SpelNumber {
  if (a instanceof Decimal) {
    const exponent = intValue(b);
    if (exponent < 0 || exponent > EXPONENT_MAX)
      throw new EvaluationFailed('a decimal number was raised to a negative power');
    if (a.unscaled.toString().length * exponent > POWER_DIGITS_MAX)
      throw new EvaluationFailed(`a number would have more than ${POWER_DIGITS_MAX} digits`);
    return new Decimal(a.unscaled ** BigInt(exponent), a.scale * exponent);
  }
  const result = wholePower(toFloat(a), toFloat(b));
  if (a instanceof Double || b instanceof Double) return new Double(result);
  const isLong = typeof a === 'bigint' || typeof b === 'bigint' || result > INT_MAX;
  return isLong ? longOf(result) : intOf(result);
}

const LONG_LIMIT = 2 ** 63;

/** Java and JS round large powers differently, so a power that a Double cannot hold is an error here. */
function wholePower(base: number, exponent: number): number {
  const result = base ** exponent;
  const isSafe = Math.abs(result) <= Number.MAX_SAFE_INTEGER || Math.abs(result) >= LONG_LIMIT * 2;
  if (isSafe || !Number.isInteger(exponent)) return result;
  const exact = BigInt(base) ** BigInt(exponent);
  if (exact >= LONG_MAX || exact < -LONG_MAX || BigInt(Number(exact)) === exact) return Number(exact);
  throw new EvaluationFailed('the power is too large to be exact');
}

const LONG_MAX = 9_223_372_036_854_775_807n;

/** Java's (long) of a double: cut off, kept within 64 bits, 0 for NaN. */
export function longOf(value: number): bigint {
  if (Number.isNaN(value)) return 0n;
  if (value >= 2 ** 63) return LONG_MAX;
  return value <= -(2 ** 63) ? -LONG_MAX - 1n : BigInt(Math.trunc(value));
}

function intOf(value: number): number {
  if (Number.isNaN(value)) return 0;
  return Math.trunc(Math.max(-INT_MAX - 1, Math.min(INT_MAX, value))) + 0;
}

/** Java's Number.intValue: whole kinds wrap around, a Double is kept within 32 bits. */
export function intValue(value: SpelNumber): number {
  if (value instanceof Double) return intOf(value.value);
  return Number(BigInt.asIntN(32, value instanceof Decimal ? value.truncated() : BigInt(value)));
}

/** Java's Number.longValue. */
export function longValue(value: SpelNumber): bigint {
  if (value instanceof Double) return longOf(value.value);
  return BigInt.asIntN(64, value instanceof Decimal ? value.truncated() : BigInt(value));
}

export function negate(value: SpelNumber): SpelNumber {
  if (value instanceof Decimal) return new Decimal(-value.unscaled, value.scale);
  if (value instanceof Double) return new Double(0 - value.value);
  return typeof value === 'bigint' ? BigInt.asIntN(64, -value) : (0 - value) | 0;
}

import { EvaluationFailed } from './expression-error.js';

/** A java.math.BigDecimal: unscaled * 10^-scale. */
export class Decimal {
  constructor(
    readonly unscaled: bigint,
    readonly scale: number,
  ) {}

  /** Text as Java's BigDecimal constructor takes it; undefined for anything else. */
  static parse(text: string): Decimal | undefined {
    const match = /^([+-]?)(?:(\d+)(?:\.(\d*))?|\.(\d+))(?:[eE]([+-]?\d{1,9}))?$/.exec(asciiDigits(text));
    if (match === null) return undefined;
    const [, sign, whole = '', fraction = '', only = '', power = '0'] = match;
    const decimals = only === '' ? fraction : only;
    const unscaled = BigInt(`${whole}${decimals}`);
    return new Decimal(sign === '-' ? -unscaled : unscaled, decimals.length - Number(power));
  }

  /** Plain digits without an exponent. */
  toString(): string {
    const { unscaled, scale } = this;
    const digits = (unscaled < 0n ? -unscaled : unscaled).toString();
    const sign = unscaled < 0n ? '-' : '';
    if (scale <= 0) return `${sign}${digits}${unscaled === 0n ? '' : '0'.repeat(-scale)}`;
    const padded = digits.padStart(scale + 1, '0');
    return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
  }
}

/** Java reads digits of every script (recorded on the real engine: an Arabic three is three). */
function asciiDigits(text: string): string {
  return text.replace(/[^ -~]/g, (character) => {
    const isDigit = (code: number): boolean => /\p{Nd}/u.test(String.fromCharCode(code));
    const code = character.charCodeAt(0);
    if (!isDigit(code)) return character;
    let zero = code;
    while (code - zero < 9 && isDigit(zero - 1)) zero -= 1;
    return String(code - zero);
  });
}

/** A java.lang.Double. Integers of 32 bits are JS numbers, those of 64 bits bigints. */
export class Double {
  constructor(readonly value: number) {}

  toString(): string {
    return String(this.value);
  }
}

export type SpelNumber = number | bigint | Decimal | Double;

export function isNumber(value: unknown): value is SpelNumber {
  return (
    typeof value === 'number' ||
    typeof value === 'bigint' ||
    value instanceof Decimal ||
    value instanceof Double
  );
}

const EQUAL_SCALE_MAX = 10_000;

function toDecimal(value: SpelNumber): Decimal {
  if (value instanceof Decimal) return value;
  if (value instanceof Double) return Decimal.parse(String(value.value)) ?? new Decimal(0n, 0);
  return new Decimal(BigInt(value), 0);
}

/** -1, 0 or 1; numbers of different kinds are compared by value. */
export function compareNumbers(a: SpelNumber, b: SpelNumber): number {
  if (typeof a === 'number' && typeof b === 'number') return Math.sign(a - b);
  if (a instanceof Double || b instanceof Double) {
    if (!(a instanceof Decimal) && !(b instanceof Decimal)) return Math.sign(toFloat(a) - toFloat(b));
  }
  const [left, right] = [toDecimal(a), toDecimal(b)];
  const scale = Math.max(left.scale, right.scale);
  if (scale - Math.min(left.scale, right.scale) > EQUAL_SCALE_MAX)
    throw new EvaluationFailed('the numbers are too far apart');
  const [x, y] = [rescale(left, scale), rescale(right, scale)];
  return x < y ? -1 : x > y ? 1 : 0;
}

function rescale({ unscaled, scale }: Decimal, to: number): bigint {
  return unscaled * 10n ** BigInt(to - scale);
}

export function toFloat(value: SpelNumber): number {
  return value instanceof Double ? value.value : Number(value.toString());
}

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

function integerArithmetic(operator: Exclude<Arithmetic, 'pow'>, a: bigint, b: bigint): bigint {
  switch (operator) {
    case 'add':
      return a + b;
    case 'sub':
      return a - b;
    case 'mul':
      return a * b;
    case 'div':
    case 'mod':
      if (b === 0n) throw new EvaluationFailed('/ by zero');
      return operator === 'div' ? a / b : a % b;
  }
}

function floatArithmetic(operator: Exclude<Arithmetic, 'pow'>, a: number, b: number): number {
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

/** Spring divides BigDecimals at the larger scale of the two, half up on even (HALF_EVEN). */
function decimalArithmetic(operator: Exclude<Arithmetic, 'pow'>, a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale);
  switch (operator) {
    case 'add':
      return new Decimal(rescale(a, scale) + rescale(b, scale), scale);
    case 'sub':
      return new Decimal(rescale(a, scale) - rescale(b, scale), scale);
    case 'mul':
      return new Decimal(a.unscaled * b.unscaled, a.scale + b.scale);
    case 'div':
      if (b.unscaled === 0n) throw new EvaluationFailed('/ by zero');
      return new Decimal(halfEven(rescale(a, scale) * 10n ** BigInt(scale), rescale(b, scale)), scale);
    case 'mod':
      if (b.unscaled === 0n) throw new EvaluationFailed('Division by zero');
      return new Decimal(rescale(a, scale) % rescale(b, scale), scale);
  }
}

function halfEven(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  const rest = (dividend % divisor) * 2n;
  const size = (value: bigint): bigint => (value < 0n ? -value : value);
  const beyond = size(rest) > size(divisor) || (size(rest) === size(divisor) && quotient % 2n !== 0n);
  return beyond ? quotient + (dividend < 0n === divisor < 0n ? 1n : -1n) : quotient;
}

function power(a: SpelNumber, b: SpelNumber): SpelNumber {
  if (a instanceof Decimal) {
    const exponent = Math.trunc(toFloat(b));
    if (exponent < 0 || exponent > 999_999_999) throw new EvaluationFailed('Invalid operation');
    return new Decimal(a.unscaled ** BigInt(exponent), a.scale * exponent);
  }
  const result = toFloat(a) ** toFloat(b);
  if (a instanceof Double || b instanceof Double) return new Double(result);
  const isLong = typeof a === 'bigint' || typeof b === 'bigint' || result > 2_147_483_647;
  return isLong ? BigInt(Math.trunc(Math.min(result, 9.2e18))) : Math.trunc(result);
}

export function negate(value: SpelNumber): SpelNumber {
  if (value instanceof Decimal) return new Decimal(-value.unscaled, value.scale);
  if (value instanceof Double) return new Double(-value.value);
  return typeof value === 'bigint' ? BigInt.asIntN(64, -value) : -value | 0;
}

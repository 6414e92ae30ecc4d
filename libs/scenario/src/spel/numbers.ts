import { doubleText } from './double-text.js';
import { EvaluationFailed } from './expression-error.js';

/** A java.math.BigDecimal: unscaled * 10^-scale. */
export class Decimal {
  constructor(
    readonly unscaled: bigint,
    readonly scale: number,
  ) {}

  /** Text as Java's BigDecimal constructor takes it; undefined for anything else. */
  static parse(text: string): Decimal | undefined {
    const match = /^([+-]?)(?:(\d+)(?:\.(\d*))?|\.(\d+))(?:[eE]([+-]?\d{1,10}))?$/.exec(asciiDigits(text));
    if (match === null) return undefined;
    const [, sign, whole = '', fraction = '', only = '', power = '0'] = match;
    const decimals = only === '' ? fraction : only;
    const scale = decimals.length - Number(power);
    if (Math.abs(Number(power)) > SCALE_MAX || Math.abs(scale) > SCALE_MAX) return undefined;
    const unscaled = BigInt(`${whole}${decimals}`);
    return new Decimal(sign === '-' ? -unscaled : unscaled, scale);
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

  /** The value if it has no fraction, else undefined. */
  whole(): bigint | undefined {
    if (this.scale <= 0) return this.unscaled * ten(-this.scale);
    const unit = ten(this.scale);
    return this.unscaled % unit === 0n ? this.unscaled / unit : undefined;
  }

  /** Whole part, fraction cut off. */
  truncated(): bigint {
    return this.scale <= 0 ? this.unscaled * ten(-this.scale) : this.unscaled / ten(this.scale);
  }
}

const SCALE_MAX = 2_147_483_647;
const DIGITS_MAX = 10_000;

/** A number of so many digits comes from a hostile message; the message is refused before it stops the process. */
export function ten(power: number): bigint {
  if (power > DIGITS_MAX) throw new EvaluationFailed(`a number would have more than ${DIGITS_MAX} digits`);
  return 10n ** BigInt(power);
}

/** Java reads digits of every script (recorded on the real engine: an Arabic three is three). */
export function asciiDigits(text: string): string {
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

  /** As JSON: a fraction only where there is one. */
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

/** As Spring converts: a Double goes through its text, so 2.0 has one decimal. */
export function toDecimal(value: SpelNumber): Decimal {
  if (value instanceof Decimal) return value;
  if (!(value instanceof Double)) return new Decimal(BigInt(value), 0);
  const decimal = Decimal.parse(doubleText(value.value));
  if (decimal === undefined) throw new EvaluationFailed('an infinite number cannot be a decimal number');
  return decimal;
}

export function toFloat(value: SpelNumber): number {
  if (value instanceof Double) return value.value;
  return value instanceof Decimal ? Number(`${value.unscaled}e${-value.scale}`) : Number(value);
}

/** -1, 0 or 1; NaN where a Double is not a number. Numbers of different kinds are compared by value. */
export function compareNumbers(a: SpelNumber, b: SpelNumber): number {
  if (typeof a === 'number' && typeof b === 'number') return Math.sign(a - b);
  if (a instanceof Decimal || b instanceof Decimal) return compareDecimals(toDecimal(a), toDecimal(b));
  if (a instanceof Double || b instanceof Double) {
    const [x, y] = [toFloat(a), toFloat(b)];
    return x < y ? -1 : x > y ? 1 : x === y ? 0 : NaN;
  }
  return a < b ? -1 : a > b ? 1 : 0;
}

function signOf(value: bigint): number {
  return value < 0n ? -1 : value > 0n ? 1 : 0;
}

/** Up to so many digits apart, the smaller scale is brought up without looking at the sizes first. */
const SCALES_NEAR = 40;

/** By sign and, far apart, by size first: 1E999999999 is compared without writing out its digits. */
function compareDecimals(a: Decimal, b: Decimal): number {
  const sign = signOf(a.unscaled);
  if (sign !== signOf(b.unscaled)) return sign < signOf(b.unscaled) ? -1 : 1;
  if (sign === 0) return 0;
  if (Math.abs(a.scale - b.scale) > SCALES_NEAR) {
    const [x, y] = [magnitude(a), magnitude(b)];
    if (x !== y) return x < y ? -sign : sign;
  }
  const scale = Math.max(a.scale, b.scale);
  const [x, y] = [a.unscaled * ten(scale - a.scale), b.unscaled * ten(scale - b.scale)];
  return x < y ? -1 : x > y ? 1 : 0;
}

function magnitude({ unscaled, scale }: Decimal): number {
  return (unscaled < 0n ? -unscaled : unscaled).toString().length - scale;
}

const EXPONENT_MIN = -6;

/** Java's BigDecimal.toString: an exponent for a negative scale or very small numbers. */
export function decimalText({ unscaled, scale }: Decimal): string {
  const sign = unscaled < 0n ? '-' : '';
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString();
  const exponent = digits.length - 1 - scale;
  if (scale >= 0 && exponent >= EXPONENT_MIN) return new Decimal(unscaled, scale).toString();
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
  const power = exponent === 0 ? '' : `E${exponent > 0 ? '+' : ''}${exponent}`;
  return `${sign}${digits[0]!}${fraction}${power}`;
}

/**
 * Java's Double.toString up to Java 18, on which Nussknacker runs: sometimes one digit longer than needed (later Java
 * writes the shortest digits, as JS does). It counts where a Double becomes a text or a BigDecimal.
 */
export function doubleText(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity';
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  if (value === 0) return `${sign}0.0`;
  const { digits, point } = decimalDigits(Math.abs(value));
  return `${sign}${layOut(digits, point)}`;
}

const PLAIN_FROM = -3;
const PLAIN_TO = 8;

/** The digits with the decimal point behind the first `point` of them. */
function layOut(digits: string, point: number): string {
  if (point > 0 && point < PLAIN_TO) {
    const whole = digits.slice(0, point).padEnd(point, '0');
    return `${whole}.${digits.slice(point) || '0'}`;
  }
  if (point <= 0 && point > PLAIN_FROM) return `0.${'0'.repeat(-point)}${digits}`;
  return `${digits[0]!}.${digits.slice(1) || '0'}E${point - 1}`;
}

interface Digits {
  digits: string;
  point: number;
}

const FRACTION_BITS = 52;
const PRECISION = 53;
const BIAS = 1023;
const WHOLE_EXPONENT_MAX = 62;
const LOG10_2 = 0.30103;
const view = new DataView(new ArrayBuffer(8));

function decimalDigits(value: number): Digits {
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  let exponent = Number(bits >> BigInt(FRACTION_BITS)) - BIAS;
  let fraction = bits & ((1n << BigInt(FRACTION_BITS)) - 1n);
  let precision = PRECISION;
  if (exponent === -BIAS) {
    // Numbers below 2^-1022 have fewer significant bits.
    precision = fraction.toString(2).length;
    exponent -= FRACTION_BITS - precision;
    fraction <<= BigInt(PRECISION - precision);
  } else fraction |= 1n << BigInt(FRACTION_BITS);
  return digitsOf(fraction, exponent, precision);
}

function digitsOf(fraction: bigint, exponent: number, precision: number): Digits {
  const zeros = /0*$/.exec(fraction.toString(2))![0].length;
  const used = PRECISION - zeros;
  const behindPoint = Math.max(0, used - exponent - 1);
  if (behindPoint === 0 && exponent <= WHOLE_EXPONENT_MAX) return wholeDigits(fraction, exponent, precision);
  return steppedDigits(
    { fraction: fraction >> BigInt(zeros), exponent, precision, used, behindPoint },
    fraction,
  );
}

/** A whole number: its own digits, the last ones that a Double cannot hold rounded away. */
function wholeDigits(fraction: bigint, exponent: number, precision: number): Digits {
  const excess = exponent > precision ? exponent - precision - 1 : 0;
  const dropped = excess > 1 ? Math.floor(excess * LOG10_2) : 0;
  const shift = exponent - FRACTION_BITS;
  let whole = shift >= 0 ? fraction << BigInt(shift) : fraction >> BigInt(-shift);
  if (dropped > 0) {
    const unit = 10n ** BigInt(dropped);
    whole = whole / unit + (whole % unit >= unit / 2n ? 1n : 0n);
  }
  const text = whole.toString();
  return { digits: text.replace(/0+$/, ''), point: text.length + dropped };
}

interface Parts {
  fraction: bigint;
  exponent: number;
  precision: number;
  used: number;
  behindPoint: number;
}

/** Java's guess of the decimal exponent, from the logarithm's first terms. */
function guessExponent(fraction: bigint, exponent: number): number {
  const mantissa = Number(fraction) / 2 ** FRACTION_BITS;
  return Math.floor((mantissa - 1.5) * 0.289529654 + 0.176091259 + exponent * 0.301029995663981);
}

/** Digit by digit, until the rest is smaller than half the distance to the next Double. */
function steppedDigits(parts: Parts, normalized: bigint): Digits {
  let exponent10 = guessExponent(normalized, parts.exponent);
  const { value, divisor, half, isBig } = scaled(parts, exponent10);
  const tens = divisor * 10n;
  let [rest, margin] = [value, half];
  let [low, high] = [false, false];
  const step = (): number => {
    const digit = Number(rest / divisor);
    rest = (rest % divisor) * 10n;
    margin *= 10n;
    low = rest < margin;
    high = isBig ? rest + margin >= tens : rest + margin > tens;
    return digit;
  };
  const digits: number[] = [];
  const first = step();
  if (first === 0 && !high) exponent10 -= 1;
  else digits.push(first);
  // A number written with an exponent has at least two digits.
  if (exponent10 < PLAIN_FROM || exponent10 >= PLAIN_TO) [low, high] = [false, false];
  while (!low && !high) digits.push(step());
  const beyond = rest * 2n - tens;
  const up = high && (!low || beyond > 0n || (beyond === 0n && digits.at(-1)! % 2 === 1));
  return trimmed(digits, exponent10 + 1, up);
}

function trimmed(digits: readonly number[], point: number, up: boolean): Digits {
  const text = digits.join('');
  const rounded = up ? (BigInt(text) + 1n).toString().padStart(text.length, '0') : text;
  const carried = rounded.length - text.length;
  return { digits: rounded.replace(/0+$/, '') || '0', point: point + carried };
}

const MACHINE_BITS = 64;

/** The number as value / divisor at this decimal exponent, with half the distance to the next Double. */
function scaled(
  { fraction, exponent, precision, used, behindPoint }: Parts,
  exponent10: number,
): { value: bigint; divisor: bigint; half: bigint; isBig: boolean } {
  const value5 = Math.max(0, -exponent10);
  const divisor5 = Math.max(0, exponent10);
  let value2 = value5 + behindPoint + exponent;
  let divisor2 = divisor5 + behindPoint;
  let half2 = value2 - precision;
  value2 -= used - 1;
  const common = Math.min(value2, divisor2);
  [value2, divisor2, half2] = [value2 - common, divisor2 - common, half2 - common];
  // Below a power of two the next Double is half as far away.
  if (used === 1) half2 -= 1;
  if (half2 < 0) [value2, divisor2, half2] = [value2 - half2, divisor2 - half2, 0];
  const power = (fives: number, twos: number): bigint => (5n ** BigInt(fives)) << BigInt(twos);
  const fiveBits = (fives: number): number => (5n ** BigInt(fives)).toString(2).length;
  return {
    value: fraction * power(value5, value2),
    divisor: power(divisor5, divisor2),
    half: power(value5, half2),
    isBig:
      used + value2 + (value5 === 0 ? 0 : fiveBits(value5)) >= MACHINE_BITS ||
      divisor2 + 1 + fiveBits(divisor5 + 1) >= MACHINE_BITS,
  };
}

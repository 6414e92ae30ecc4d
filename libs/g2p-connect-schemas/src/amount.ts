import currencyCodes from 'currency-codes';
import { unreadableAmount } from './disburse/kept-text.js';

/** An amount of money, exactly: integer minor units, the currency's exponent, and its decimal text. */
export interface Money {
  ok: true;
  minor: bigint;
  exponent: number;
  /** Decimal text with max(2, exponent) decimals, as it is stored, digested and emitted. */
  canonical: string;
}

export interface NotMoney {
  ok: false;
  reason: 'not_a_decimal' | 'not_positive' | 'too_large' | 'too_precise' | 'currency_unknown';
}

const DECIMAL = /^([+-]?)(\d{1,64})(?:\.(\d{0,64}))?(?:[eE]([+-]?\d{1,3}))?$/;
const INTEGER_DIGITS_MAX = 13;
/** Float noise: nearer than 1e-9 to a whole minor unit's decimal value (interface A, D3). */
const NOISE_DIGITS = 9;

/** Of texts of three capital letters, which are few; other texts senders may write without end. */
const EXPONENTS = new Map<string, number | undefined>();

/** ISO 4217 minor-unit exponent (KES 2, RWF 0, BHD 3), or undefined for a code that is not in the list. */
export function currencyExponent(code: string): number | undefined {
  if (!/^[A-Z]{3}$/.test(code)) return undefined;
  if (!EXPONENTS.has(code)) EXPONENTS.set(code, currencyCodes.code(code)?.digits);
  return EXPONENTS.get(code);
}

/** Every code of ISO 4217 with its minor-unit exponent. */
export function currencyExponents(): Record<string, number> {
  return Object.fromEntries(currencyCodes.codes().map((code) => [code, currencyExponent(code) ?? 0]));
}

/**
 * The one amount parser (interface A, D3): decimal text as people, Python floats and JSON numbers write it. Rounds
 * float noise only; any other excess of decimals is refused, because an amount is never changed silently.
 */
export function parseAmount(text: string, currency: string): Money | NotMoney {
  const exponent = currencyExponent(currency);
  if (exponent === undefined) return { ok: false, reason: 'currency_unknown' };
  const match = DECIMAL.exec(text);
  if (match === null) return { ok: false, reason: 'not_a_decimal' };
  const [, sign, whole, fraction = '', power = '0'] = match;
  if (sign === '-') return { ok: false, reason: 'not_positive' };
  const digits = `${whole!}${fraction}`;
  if (digits.length <= PLAIN_DIGITS_MAX && power === '0' && fraction.length <= exponent)
    return plainMoney(Number(digits) * 10 ** (exponent - fraction.length), exponent);
  const decimals = fraction.length - Number(power);
  const minor = toMinor(BigInt(digits), decimals, exponent);
  if (minor === undefined) return { ok: false, reason: 'too_precise' };
  if (minor <= 0n) return { ok: false, reason: 'not_positive' };
  if (minor >= 10n ** BigInt(INTEGER_DIGITS_MAX + exponent)) return { ok: false, reason: 'too_large' };
  return { ok: true, minor, exponent, canonical: formatAmount(minor, exponent) };
}

/** Whole numbers of so many digits are exact, also times the ten of up to four decimals. */
const PLAIN_DIGITS_MAX = 11;

/** What nearly every amount is: few digits, no more decimals than its currency has. The same result in a tenth of the time. */
function plainMoney(minor: number, exponent: number): Money | NotMoney {
  if (minor === 0) return { ok: false, reason: 'not_positive' };
  const exact = BigInt(minor);
  return { ok: true, minor: exact, exponent, canonical: formatAmount(exact, exponent) };
}

/** The text under which an amount is stored and compared (rule B): canonical where it is one, else what is kept of it. */
export function comparableAmount(text: string, currency: string): string {
  const money = parseAmount(text, currency);
  return money.ok ? money.canonical : unreadableAmount(text);
}

/** digits * 10^-decimals in minor units of 10^-exponent; undefined where it is not one, even allowing for noise. */
function toMinor(digits: bigint, decimals: number, exponent: number): bigint | undefined {
  const excess = decimals - exponent;
  if (excess <= 0) return digits * 10n ** BigInt(-excess);
  const unit = 10n ** BigInt(excess);
  const below = digits / unit;
  const rest = digits % unit;
  const nearest = rest * 2n >= unit ? below + 1n : below;
  const distance = rest * 2n >= unit ? unit - rest : rest;
  // distance * 10^-decimals < 10^-NOISE_DIGITS, in integers.
  const noise =
    decimals >= NOISE_DIGITS ? distance < 10n ** BigInt(decimals - NOISE_DIGITS) : distance === 0n;
  return noise ? nearest : undefined;
}

/** Decimal text with max(2, exponent) decimals: 12345n at exponent 2 is "123.45", at exponent 0 "12345.00". */
export function formatAmount(minor: bigint, exponent: number): string {
  const negative = minor < 0n;
  const digits = (negative ? -minor : minor).toString().padStart(exponent + 1, '0');
  const whole = digits.slice(0, digits.length - exponent);
  const fraction = digits.slice(digits.length - exponent).padEnd(Math.max(2, exponent), '0');
  return `${negative ? '-' : ''}${whole}.${fraction}`;
}

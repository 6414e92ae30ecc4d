import { EvaluationFailed } from './expression-error.js';
import { longOf } from './arithmetic.js';
import { javaPattern } from './java-pattern.js';
import { Decimal, Double, asciiDigits, type SpelNumber } from './numbers.js';

/** Java's substring: outside the text is an error. */
export function substring(text: string, from: number, to = text.length): string {
  if (from < 0 || to > text.length || from > to)
    throw new EvaluationFailed(`characters ${from} to ${to} were taken from a text of ${text.length}`);
  return text.slice(from, to);
}

/** Java's split: empty parts at the end fall away, as does an empty first part before a match of no width. */
export function split(text: string, by: string): string[] {
  const parts: string[] = [];
  let from = 0;
  for (const match of text.matchAll(javaPattern(by, 'find'))) {
    const end = match.index + match[0].length;
    if (end === 0 || match.index >= text.length) continue;
    parts.push(text.slice(from, match.index));
    from = end;
  }
  if (from === 0 && parts.length === 0) return [text];
  parts.push(text.slice(from));
  while (parts.length > 0 && parts.at(-1) === '') parts.pop();
  return parts;
}

/** Java's replaceAll: `$1` is a group of the pattern, a backslash takes the next sign as it is. */
export function replaceAll(text: string, by: string, replacement: string): string {
  return text.replace(javaPattern(by, 'find'), (...args: unknown[]) => {
    const groups = args.slice(
      0,
      args.findIndex((arg) => typeof arg === 'number'),
    ) as (string | undefined)[];
    return expand(replacement, groups);
  });
}

function expand(replacement: string, groups: readonly (string | undefined)[]): string {
  let result = '';
  for (let at = 0; at < replacement.length; at += 1) {
    const sign = replacement[at]!;
    if (sign === '\\') {
      at += 1;
      result += replacement[at] ?? fail('the replacement ends with a backslash');
    } else if (sign === '$') {
      let group = Number(
        /^\d/.exec(replacement.slice(at + 1))?.[0] ?? fail('a "$" must be followed by a group number'),
      );
      if (group >= groups.length) fail(`the pattern has no group ${group}`);
      at += 1;
      for (
        let next = replacement[at + 1];
        next !== undefined && /\d/.test(next);
        next = replacement[at + 1]
      ) {
        if (group * 10 + Number(next) >= groups.length) break;
        group = group * 10 + Number(next);
        at += 1;
      }
      result += groups[group] ?? '';
    } else result += sign;
  }
  return result;
}

function fail(message: string): never {
  throw new EvaluationFailed(message);
}

/** Java's Character.isWhitespace for every character. */
export function isBlank(text: string): boolean {
  return /^[\t-\r\x1c-\x20\u1680\u2000-\u2006\u2008-\u200a\u2028\u2029\u205f\u3000]*$/.test(text);
}

const LONG = 9_223_372_036_854_775_808n;
const INT = 2_147_483_648n;
const JAVA_DOUBLE = /^[+-]?(?:NaN|Infinity|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[fFdD]?)$/;

/** A text as Nussknacker reads it where any number will do: Integer, Long, Double, then BigDecimal. */
export function parseNumber(text: string): SpelNumber | undefined {
  const digits = asciiDigits(text);
  if (/^[+-]?\d+$/.test(digits)) {
    const whole = BigInt(digits.replace('+', ''));
    if (whole >= -INT && whole < INT) return Number(whole);
    if (whole >= -LONG && whole < LONG) return whole;
  }
  const trimmed = text.replace(/^[\u0000-\u0020]+|[\u0000-\u0020]+$/g, '');
  if (JAVA_DOUBLE.test(trimmed)) return new Double(Number(trimmed.replace(/[fFdD]$/, '')));
  return Decimal.parse(text);
}

/** @throws EvaluationFailed unless the text is a number. */
export function requireNumber<T>(parsed: T | undefined, text: string): T {
  if (parsed === undefined) return fail(`a text of ${text.length} characters is not a number`);
  return parsed;
}

/** A text as a Long, a fraction cut off; undefined where it is none. */
export function parseLong(text: string): bigint | undefined {
  const number = parseNumber(text);
  if (number === undefined) return undefined;
  if (number instanceof Double) return longOf(number.value);
  if (!(number instanceof Decimal)) return BigInt(number);
  const whole = number.truncated();
  return whole >= -LONG && whole < LONG ? whole : undefined;
}

/** A text as a Double; undefined where it is none. */
export function parseDouble(text: string): Double | undefined {
  const number = parseNumber(text);
  if (number === undefined || number instanceof Double) return number;
  return new Double(number instanceof Decimal ? Number(number.toString()) : Number(number));
}

import { EvaluationFailed } from './expression-error.js';
import { arithmetic, compareNumbers, isNumber, type Arithmetic, type SpelNumber } from './numbers.js';
import { kindOf, unwrap, type Value } from './value.js';

const REGEX_LENGTH_MAX = 256;

/** Null is smaller than everything, as SpEL has it. */
export function compared(a: Value, b: Value): number {
  if (a === null || a === undefined) return b === null || b === undefined ? 0 : -1;
  if (b === null || b === undefined) return 1;
  return compareNumbers(asNumber(a), asNumber(b));
}

export function calculated(operator: Arithmetic, a: Value, b: Value): Value {
  if (operator === 'add' && (typeof a === 'string' || typeof b === 'string'))
    return `${String(a)}${String(b)}`;
  return arithmetic(operator, asNumber(a), asNumber(b));
}

const PATTERNS = new Map<string, RegExp>();

export function matches(text: Value, source: Value): boolean {
  if (typeof text !== 'string' || typeof source !== 'string')
    throw new EvaluationFailed('matches needs two texts');
  if (source.length > REGEX_LENGTH_MAX)
    throw new EvaluationFailed(`a pattern may have ${REGEX_LENGTH_MAX} characters`);
  let pattern = PATTERNS.get(source);
  if (pattern === undefined) {
    pattern = new RegExp(`^(?:${source})$`, 'u');
    PATTERNS.set(source, pattern);
  }
  return pattern.test(text);
}

export function asBoolean(value: Value): boolean {
  if (typeof value !== 'boolean') throw new EvaluationFailed(`true or false is needed, not ${kindOf(value)}`);
  return value;
}

export function asNumber(value: Value): SpelNumber {
  const number = unwrap(value);
  if (!isNumber(number)) throw new EvaluationFailed(`a number is needed, not ${kindOf(number)}`);
  return number;
}

import type { BinaryOperator } from './ast.js';
import { EvaluationFailed, ExpressionRefused } from './expression-error.js';
import { isNumber, type SpelNumber } from './numbers.js';
import type { Compiled } from './scope.js';
import { describe, isBoolean } from './types.js';
import { kindOf, type Value } from './value.js';

export function asBoolean(value: Value): boolean {
  if (typeof value !== 'boolean') throw new EvaluationFailed(`true or false is needed, not ${kindOf(value)}`);
  return value;
}

export function asNumber(value: Value): SpelNumber {
  if (!isNumber(value)) throw new EvaluationFailed(`a number is needed, not ${kindOf(value)}`);
  return value;
}

/** @throws ExpressionRefused unless the expression is true or false. */
export function needBoolean({ type }: Compiled, at: number, place: string): void {
  if (isBoolean(type)) return;
  const advice = type.kind === 'unknown' ? '; compare it: ... == true' : '';
  throw new ExpressionRefused(`${place} needs true or false, not ${describe(type)}${advice}`, at);
}

/** Each operator as it is written. */
export const SIGNS: Readonly<Record<BinaryOperator, string>> = {
  or: 'or',
  and: 'and',
  eq: '==',
  ne: '!=',
  lt: '<',
  le: '<=',
  gt: '>',
  ge: '>=',
  matches: 'matches',
  between: 'between',
  add: '+',
  sub: '-',
  mul: '*',
  div: '/',
  mod: '%',
  pow: '^',
};

import type { NodeOf } from './ast.js';
import { calculation } from './calculation.js';
import { doubleOrder, equalValues, ordered } from './equality.js';
import { EvaluationFailed, ExpressionRefused } from './expression-error.js';
import { checkPattern, javaPattern } from './java-pattern.js';
import { Decimal, Double, isNumber, toFloat } from './numbers.js';
import { SIGNS, asBoolean, needBoolean } from './operand.js';
import type { Compile, Compiled, Expression, Known } from './scope.js';
import { BOOLEAN, constantOf, describe, equatable, isText, numberKinds } from './types.js';
import type { Value } from './value.js';

export function compileBinary(node: NodeOf<'binary'>, known: Known, compile: Compile): Compiled {
  const { operator } = node;
  if (operator === 'between') return between(node, known, compile);
  const [left, right] = [compile(node.left, known), compile(node.right, known)];
  switch (operator) {
    case 'and':
    case 'or':
      needBoolean(left, node.left.at, `"${operator}"`);
      needBoolean(right, node.right.at, `"${operator}"`);
      return { type: BOOLEAN, run: logical(operator, left.run, right.run) };
    case 'eq':
    case 'ne':
      return equality(node, left, right);
    case 'matches':
      return matching(node, left, right);
    case 'lt':
    case 'le':
    case 'gt':
    case 'ge':
      return { type: BOOLEAN, run: comparison(node, left, right) };
    default:
      return calculation(operator, node, left, right);
  }
}

function logical(operator: 'and' | 'or', left: Expression, right: Expression): Expression {
  return operator === 'and'
    ? (scope) => asBoolean(left(scope)) && asBoolean(right(scope))
    : (scope) => asBoolean(left(scope)) || asBoolean(right(scope));
}

function equality(node: NodeOf<'binary'>, left: Compiled, right: Compiled): Compiled {
  if (!equatable(left.type, right.type))
    throw new ExpressionRefused(
      `${describe(left.type)} and ${describe(right.type)} are never equal; compare values of one kind`,
      node.at,
    );
  const [a, b] = [left.run, right.run];
  if (node.right.kind === 'literal' && node.right.value === null)
    return { type: BOOLEAN, run: nullness(a, node.operator === 'eq') };
  const run: Expression =
    node.operator === 'eq'
      ? (scope) => equalValues(a(scope), b(scope))
      : (scope) => !equalValues(a(scope), b(scope));
  return { type: BOOLEAN, run };
}

/** Asked in nearly every rule, and answered without comparing anything. */
function nullness(value: Expression, isNull: boolean): Expression {
  return (scope) => {
    const found = value(scope);
    return (found === null || found === undefined) === isNull;
  };
}

function matching(node: NodeOf<'binary'>, left: Compiled, right: Compiled): Compiled {
  if (!isText(left.type) || !isText(right.type))
    throw new ExpressionRefused(
      `"matches" needs a text on both sides, not ${describe(isText(left.type) ? right.type : left.type)}`,
      node.at,
    );
  const [text, source] = [left.run, right.run];
  const constant = constantOf(right.type)?.value;
  if (typeof constant === 'string') checkPattern(constant, node.right.at);
  const fixed = typeof constant === 'string' ? javaPattern(constant, 'whole') : undefined;
  const run: Expression = (scope) => {
    const value = text(scope);
    if (typeof value !== 'string') throw new EvaluationFailed('"matches" was used on null');
    if (fixed !== undefined) return fixed.test(value);
    const pattern = source(scope);
    if (typeof pattern !== 'string') throw new EvaluationFailed('the pattern of "matches" is null');
    return javaPattern(pattern, 'whole').test(value);
  };
  return { type: BOOLEAN, run };
}

function comparison(node: NodeOf<'binary'>, left: Compiled, right: Compiled): Expression {
  for (const side of [left, right]) {
    if (numberKinds(side.type) !== undefined) continue;
    const advice = isText(side.type) ? '; turn a text into a number with .toBigDecimalOrNull' : '';
    throw new ExpressionRefused(
      `"${SIGNS[node.operator]}" compares numbers, not ${describe(side.type)}${advice}`,
      node.at,
    );
  }
  const [a, b] = [left.run, right.run];
  switch (node.operator) {
    case 'lt':
      return (scope) => ordered(a(scope), b(scope)) < 0;
    case 'le':
      return (scope) => ordered(a(scope), b(scope)) <= 0;
    case 'gt':
      return (scope) => ordered(a(scope), b(scope)) > 0;
    default:
      return (scope) => ordered(a(scope), b(scope)) >= 0;
  }
}

function between(node: NodeOf<'binary'>, known: Known, compile: Compile): Compiled {
  const { left, right } = node;
  if (right.kind !== 'list' || right.items.length !== 2)
    throw new ExpressionRefused('"between" needs two bounds: between {1, 10}', right.at);
  const parts = [left, ...right.items].map((item) => compile(item, known));
  const numbers = parts.every(({ type }) => numberKinds(type) !== undefined);
  if (!numbers && !parts.every(({ type }) => isText(type)))
    throw new ExpressionRefused('"between" needs three numbers or three texts', node.at);
  const [value, low, high] = parts.map(({ run }) => run) as [Expression, Expression, Expression];
  const run: Expression = (scope) => {
    const [from, to, item] = [low(scope), high(scope), value(scope)];
    return strictOrder(item, from) >= 0 && strictOrder(item, to) <= 0;
  };
  return { type: BOOLEAN, run };
}

/** Unlike the signs < and >, between has a place for NaN and sets -0.0 before 0. */
function strictOrder(a: Value, b: Value): number {
  const isDouble = a instanceof Double || b instanceof Double;
  if (!isDouble || !isNumber(a) || !isNumber(b) || a instanceof Decimal || b instanceof Decimal)
    return ordered(a, b);
  return doubleOrder(toFloat(a), toFloat(b));
}

import type { NodeOf } from './ast.js';
import { arithmetic, negate, type Arithmetic } from './arithmetic.js';
import { ExpressionRefused } from './expression-error.js';
import { javaText } from './java-text.js';
import { isNumber, toFloat } from './numbers.js';
import { SIGNS, asNumber } from './operand.js';
import type { Compile, Compiled, Expression, Known } from './scope.js';
import {
  TEXT,
  UNKNOWN,
  constantOf,
  describe,
  isText,
  numberKinds,
  numberType,
  options,
  union,
  type NumberKind,
  type PlainType,
  type Type,
} from './types.js';
import type { Value } from './value.js';

const PROMOTED: readonly NumberKind[] = ['BigDecimal', 'Double', 'Long', 'Integer'];

function promoted(operator: Arithmetic, a: NumberKind, b: NumberKind): Type {
  if (operator !== 'pow') return numberType(PROMOTED.find((kind) => kind === a || kind === b)!);
  if (a === 'BigDecimal') return numberType(a);
  if (a === 'Double' || b === 'Double') return numberType('Double');
  if (a === 'Long' || b === 'Long') return numberType('Long');
  return union([numberType('Integer'), numberType('Long')]);
}

/** `+ - * / % ^` of two values. */
export function calculation(
  operator: Arithmetic,
  node: NodeOf<'binary'>,
  left: Compiled,
  right: Compiled,
): Compiled {
  if (operator === 'add' && (isText(left.type) || isText(right.type))) return joined(node, left, right);
  if (operator === 'add' && [left, right].some(({ type }) => type.kind === 'unknown'))
    return unknownSum(node, left, right);
  const kinds = [left, right].map(({ type }) => {
    const found = numberKinds(type);
    if (found === undefined) {
      const advice = isText(type) ? '; turn a text into a number with .toBigDecimal' : '';
      throw new ExpressionRefused(
        `"${SIGNS[operator]}" calculates with numbers, not with ${describe(type)}${advice}`,
        node.at,
      );
    }
    if (found.includes('Number'))
      throw new ExpressionRefused(
        `the kind of number is not known, so "${SIGNS[operator]}" cannot be used; use .toBigDecimal on the text`,
        node.at,
      );
    return found;
  });
  if (operator === 'pow' && kinds[0]![0] !== 'BigDecimal' && kinds.flat().includes('Double'))
    throw new ExpressionRefused(
      '"^" is not exact for numbers with a fraction (Double); use .toBigDecimal or multiply',
      node.at,
    );
  const type = union(kinds[0]!.flatMap((a) => kinds[1]!.map((b) => promoted(operator, a, b))));
  const [a, b] = [left.run, right.run];
  const run: Expression = (scope) => arithmetic(operator, asNumber(a(scope)), asNumber(b(scope)));
  return folded(operator, node, { type, run }, [left, right]);
}

/** A calculation with constants is known when the file is loaded. */
function folded(
  operator: Arithmetic,
  node: NodeOf<'binary'>,
  compiled: Compiled,
  sides: Compiled[],
): Compiled {
  const [left, right] = sides.map(({ type }) => constantOf(type)?.value) as [Value, Value];
  const zero = isNumber(right) && (operator === 'div' || operator === 'mod') && toFloat(right) === 0;
  if (zero) throw new ExpressionRefused('this divides by zero', node.at);
  if (operator === 'pow' || !isNumber(left) || !isNumber(right)) return compiled;
  const value = arithmetic(operator, left, right);
  const type = compiled.type as PlainType & { kind: 'number' };
  return { type: { ...type, value }, run: () => value };
}

const JOINABLE = ['text', 'number', 'boolean', 'null'];

function joined(node: NodeOf<'binary'>, left: Compiled, right: Compiled): Compiled {
  for (const { type } of [left, right]) {
    const bad = options(type).find(
      (one) => !JOINABLE.includes(one.kind) || (one.kind === 'number' && one.of === 'Number'),
    );
    if (bad !== undefined)
      throw new ExpressionRefused(
        `a text cannot be joined with ${describe(bad)}; name a field of it`,
        node.at,
      );
  }
  const [a, b] = [left.run, right.run];
  const run: Expression = (scope) => {
    const [x, y] = [a(scope), b(scope)];
    if (typeof x !== 'string' && typeof y !== 'string') return arithmetic('add', asNumber(x), asNumber(y));
    return `${javaText(x)}${javaText(y)}`;
  };
  const [x, y] = [constantOf(left.type), constantOf(right.type)];
  if (x === undefined || y === undefined) return { type: TEXT, run };
  const value = `${javaText(x.value)}${javaText(y.value)}`;
  return { type: { kind: 'text', value }, run: () => value };
}

function unknownSum(node: NodeOf<'binary'>, left: Compiled, right: Compiled): Compiled {
  const known = left.type.kind === 'unknown' ? right : left;
  if (numberKinds(known.type) === undefined)
    throw new ExpressionRefused(
      'the type of this value is not known, so it can only be added to a number; use .toString on it to join it to a text',
      node.at,
    );
  const [a, b] = [left.run, right.run];
  const run: Expression = (scope) => {
    const [x, y] = [a(scope), b(scope)];
    if (typeof x === 'string' || typeof y === 'string') return `${javaText(x)}${javaText(y)}`;
    return arithmetic('add', asNumber(x), asNumber(y));
  };
  return { type: UNKNOWN, run };
}

export function compileSign(node: NodeOf<'sign'>, known: Known, compile: Compile): Compiled {
  const operand = compile(node.operand, known);
  const kinds = numberKinds(operand.type);
  const sign = node.sign === 'minus' ? '-' : '+';
  if (kinds === undefined || kinds.includes('Number'))
    throw new ExpressionRefused(`"${sign}" needs a number, not ${describe(operand.type)}`, node.at);
  const { run } = operand;
  if (node.sign === 'plus') return { type: operand.type, run: (scope) => asNumber(run(scope)) };
  const constant = constantOf(operand.type)?.value;
  if (!isNumber(constant)) return { type: operand.type, run: (scope) => negate(asNumber(run(scope))) };
  const value = negate(constant);
  return { type: { kind: 'number', of: kinds[0]!, value }, run: () => value };
}

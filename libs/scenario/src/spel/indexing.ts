import { noField } from './access.js';
import type { NodeOf } from './ast.js';
import { EvaluationFailed, ExpressionRefused } from './expression-error.js';
import type { Compile, Compiled, Expression, Known } from './scope.js';
import { constantOf, describe, numberKinds, options, union, withoutValue, type Type } from './types.js';
import { isRecord, kindOf, unwrap } from './value.js';

export function compileIndex(node: NodeOf<'index'>, known: Known, compile: Compile): Compiled {
  const target = compile(node.target, known);
  const index = compile(node.index, known);
  const type = union(options(target.type).map((one) => indexedType(one, node, index)));
  return { type, run: readIndex(target.run, index.run) };
}

function indexedType(type: Type, node: NodeOf<'index'>, index: Compiled): Type {
  const { at } = node.index;
  const key = constantOf(index.type)?.value;
  if (type.kind === 'list' && type.name === 'List') {
    if (numberKinds(index.type)?.join() === 'Integer') return withoutValue(type.element);
    throw new ExpressionRefused(
      `a list is read by a whole number such as [0], not by ${describe(index.type)}`,
      at,
    );
  }
  if (type.kind === 'record' || type.kind === 'map' || type.kind === 'unknown') {
    if (node.index.kind !== 'literal')
      throw new ExpressionRefused(
        'the name of a field in [ ] must be written out; use .get(...) for a name that changes',
        at,
      );
    if (type.kind === 'unknown') return type;
    if (typeof key !== 'string')
      throw new ExpressionRefused(`a field is read by its name such as ['name']`, at);
    if (type.kind === 'map') return type.values;
    const field = type.fields.get(key);
    if (field === undefined) throw noField(type, key, at);
    return field;
  }
  throw new ExpressionRefused(`[ ] cannot be used on ${describe(type)}; it reads lists and records`, at);
}

function readIndex(target: Expression, index: Expression): Expression {
  return (scope) => {
    const value = target(scope);
    if (value === null || value === undefined) throw new EvaluationFailed('an element of null was read');
    const key = index(scope);
    if (typeof key === 'number' && (Array.isArray(value) || typeof value === 'string')) {
      if (key < 0 || key >= value.length)
        throw new EvaluationFailed(`element ${key + 1} was read from ${value.length}`);
      return unwrap(value[key]) ?? null;
    }
    if (isRecord(value) && typeof key === 'string')
      return Object.hasOwn(value, key) ? (unwrap(value[key]) ?? null) : null;
    throw new EvaluationFailed(`${kindOf(value)} cannot be read by ${kindOf(key)}`);
  };
}

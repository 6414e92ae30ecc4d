import type { NodeOf } from './ast.js';
import { EvaluationFailed, ExpressionRefused } from './expression-error.js';
import { asBoolean, needBoolean } from './operand.js';
import type { Compile, Compiled, Expression, Known } from './scope.js';
import { describe, elementOf, listType, withoutValue, type Type } from './types.js';
import { kindOf, unwrap, type Value } from './value.js';

/** Selection `.?[ ]`, first `.^[ ]`, last `.$[ ]` and projection `.![ ]` of a list. */
export function compileIteration(
  node: NodeOf<'select'> | NodeOf<'project'>,
  known: Known,
  compile: Compile,
): Compiled {
  const target = compile(node.target, known);
  const element = elementOf(target.type);
  if (element === undefined)
    throw new ExpressionRefused(
      `only a list can be searched with [ ], not ${describe(target.type)}`,
      node.at,
    );
  const item = known.with('this', withoutValue(element));
  const body = node.kind === 'select' ? node.test : node.value;
  const each = compile(body, item.known);
  const items = itemsOf(target.run, node.safe);
  if (node.kind === 'project')
    return { type: listType(withoutValue(each.type)), run: projection(items, each.run, item.slot) };
  needBoolean(each, body.at, 'the condition in [ ]');
  const type: Type = node.which === 'all' ? listType(withoutValue(element)) : withoutValue(element);
  return { type, run: selection(items, each.run, item.slot, node.which) };
}

type Items = (scope: Parameters<Expression>[0]) => readonly Value[] | null;

function itemsOf(target: Expression, safe: boolean): Items {
  return (scope) => {
    const list = target(scope);
    if (safe && (list === null || list === undefined)) return null;
    if (!Array.isArray(list)) throw new EvaluationFailed(`a list is needed, not ${kindOf(list)}`);
    return list as Value[];
  };
}

function projection(items: Items, each: Expression, slot: number): Expression {
  return (scope) => {
    const list = items(scope);
    if (list === null) return null;
    const { slots } = scope;
    return list.map((item) => {
      slots[slot] = unwrap(item);
      return each(scope);
    });
  };
}

function selection(
  items: Items,
  test: Expression,
  slot: number,
  which: 'all' | 'first' | 'last',
): Expression {
  return (scope) => {
    const list = items(scope);
    if (list === null) return null;
    const { slots } = scope;
    const passes = (item: Value): boolean => {
      slots[slot] = unwrap(item);
      return asBoolean(test(scope));
    };
    if (which === 'all') return list.filter(passes);
    if (which === 'first') return list.find(passes) ?? null;
    return list.findLast(passes) ?? null;
  };
}

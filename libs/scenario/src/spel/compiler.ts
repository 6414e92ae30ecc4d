import type { BinaryOperator, Node } from './ast.js';
import { EvaluationFailed, ExpressionRefused } from './expression-error.js';
import { HELPERS, METHOD_NAMES, methodOf } from './methods.js';
import { Double, negate } from './numbers.js';
import { asBoolean, asNumber, calculated, compared, matches } from './operators.js';
import { parseExpression } from './parser.js';
import { equalValues, isRecord, kindOf, unwrap, type Value } from './value.js';

/** What an expression sees while it runs. */
export interface Scope {
  variables: Record<string, Value>;
  /** Milliseconds since 1970, for #DATE.now. */
  now: () => number;
  /** Told each node and edge that the message takes; absent where nobody asks. */
  trace?: Trace | undefined;
}

/**
 * One step of a message through the scenario. `edge`: `true` or `false` of a filter; the number of a choice's or a
 * split's branch from 1, or `default`; `row N` (from 1) for every matching row of a decision table, or `no row`.
 */
export type Trace = (step: { node: string; edge?: string }) => void;

export type Expression = (scope: Scope) => Value;

/** What is known when the file is loaded: variables, and the fields of those that have a schema. */
export interface Known {
  variables: ReadonlySet<string>;
  fields: Readonly<Record<string, ReadonlySet<string>>>;
}

/** Compiles an expression once. @throws ExpressionRefused for what the two engines would not run alike. */
export function compileExpression(source: string, known: Known): Expression {
  return compile(parseExpression(source), known);
}

function compile(node: Node, known: Known): Expression {
  switch (node.kind) {
    case 'literal': {
      const { value } = node;
      const constant = typeof value === 'object' && value !== null ? new Double(value.double) : value;
      return () => constant;
    }
    case 'variable':
      return variable(node, known);
    case 'list': {
      const items = node.items.map((item) => compile(item, known));
      return (scope) => items.map((item) => item(scope));
    }
    case 'record': {
      const fields = node.fields.map(({ name, value }) => [name, compile(value, known)] as const);
      return (scope) => Object.fromEntries(fields.map(([name, value]) => [name, value(scope)]));
    }
    case 'property':
      return property(node, known);
    case 'method':
      return method(node, known);
    case 'index':
      return indexed(node, known);
    case 'select':
    case 'project':
      return overItems(node, known);
    case 'not': {
      const operand = compile(node.operand, known);
      return (scope) => !asBoolean(operand(scope));
    }
    case 'negate': {
      const operand = compile(node.operand, known);
      return (scope) => negate(asNumber(operand(scope)));
    }
    case 'binary':
      return binary(node.operator, node, known);
    case 'ternary': {
      const [test, yes, no] = [compile(node.test, known), compile(node.yes, known), compile(node.no, known)];
      return (scope) => (asBoolean(test(scope)) ? yes(scope) : no(scope));
    }
    case 'elvis': {
      const [value, otherwise] = [compile(node.value, known), compile(node.otherwise, known)];
      return (scope) => {
        const found = value(scope);
        // Spring's Elvis takes the right side for null and for the empty text.
        return found === null || found === undefined || found === '' ? otherwise(scope) : found;
      };
    }
  }
}

type Of<K extends Node['kind']> = Extract<Node, { kind: K }>;

function variable({ name, at }: Of<'variable'>, known: Known): Expression {
  if (name in HELPERS)
    throw new ExpressionRefused(
      `#${name} is a helper; call one of its methods: #${name}.${Object.keys(HELPERS[name]!)[0]!}`,
      at,
    );
  if (!known.variables.has(name))
    throw new ExpressionRefused(`the variable #${name} does not exist here`, at);
  return ({ variables }) => variables[name] ?? null;
}

function helper(node: Of<'property'> | Of<'method'>, known: Known): Expression | undefined {
  const { target } = node;
  if (target.kind !== 'variable' || !(target.name in HELPERS)) return undefined;
  const call = HELPERS[target.name]![node.name];
  if (call === undefined) {
    const names = Object.keys(HELPERS[target.name]!).join(', ');
    throw new ExpressionRefused(`#${target.name} has no ${node.name} here; there are: ${names}`, node.at);
  }
  const args = node.kind === 'method' ? node.args.map((arg) => compile(arg, known)) : [];
  return (scope) =>
    call(
      args.map((arg) => arg(scope)),
      scope.now,
    );
}

function property(node: Of<'property'>, known: Known): Expression {
  const help = helper(node, known);
  if (help !== undefined) return help;
  const { name, safe, at } = node;
  const fields = node.target.kind === 'variable' ? known.fields[node.target.name] : undefined;
  if (fields !== undefined && !fields.has(name))
    throw new ExpressionRefused(`there is no field ${name} in the topic's schema`, at);
  const target = compile(node.target, known);
  return (scope) => {
    const value = target(scope);
    if (value === null || value === undefined) {
      if (safe) return null;
      throw new EvaluationFailed(`the field ${name} of null was read`);
    }
    if (isRecord(value) && Object.hasOwn(value, name)) return unwrap(value[name]) ?? null;
    const call = methodOf(value, name);
    if (call !== undefined) return call(value as never);
    if (isRecord(value)) return null;
    throw new EvaluationFailed(`${kindOf(value)} has no ${name}`);
  };
}

function method(node: Of<'method'>, known: Known): Expression {
  const help = helper(node, known);
  if (help !== undefined) return help;
  const { name, safe, at } = node;
  if (!METHOD_NAMES.has(name))
    throw new ExpressionRefused(`the method ${name} is not available in rules`, at);
  const target = compile(node.target, known);
  const args = node.args.map((arg) => compile(arg, known));
  return (scope) => {
    const value = target(scope);
    if (value === null || value === undefined) {
      if (safe) return null;
      throw new EvaluationFailed(`the method ${name} of null was called`);
    }
    const call = methodOf(value, name);
    if (call === undefined) throw new EvaluationFailed(`${kindOf(value)} has no method ${name}`);
    const given = args.map((arg) => arg(scope));
    if (typeof value === 'string' && given.includes(null))
      throw new EvaluationFailed(`${name} was given null`);
    return call(value as never, ...(given as never[]));
  };
}

function indexed({ target: targetNode, index: indexNode, at }: Of<'index'>, known: Known): Expression {
  if (indexNode.kind !== 'literal')
    throw new ExpressionRefused('an index must be a number or a text; use .get(...) on a record', at);
  const target = compile(targetNode, known);
  const key = indexNode.value;
  return (scope) => {
    const value = target(scope);
    if (value === null || value === undefined) throw new EvaluationFailed('null was indexed');
    if (Array.isArray(value) && typeof key === 'number') {
      if (key >= value.length)
        throw new EvaluationFailed(`the list has ${value.length} elements, not ${key + 1}`);
      return unwrap(value[key]) ?? null;
    }
    if (isRecord(value) && typeof key === 'string') return unwrap(value[key]) ?? null;
    throw new EvaluationFailed(`${kindOf(value)} cannot be indexed so`);
  };
}

function overItems(node: Of<'select'> | Of<'project'>, known: Known): Expression {
  const inner = { ...known, variables: new Set([...known.variables, 'this']) };
  const target = compile(node.target, known);
  const each = compile(node.kind === 'select' ? node.test : node.value, inner);
  const items = (scope: Scope): { item: Value; scope: Scope }[] => {
    const list = target(scope);
    if (!Array.isArray(list)) throw new EvaluationFailed(`a list is needed, not ${kindOf(list)}`);
    return list.map((item: Value) => ({
      item,
      scope: { ...scope, variables: { ...scope.variables, this: item } },
    }));
  };
  if (node.kind === 'project') return (scope) => items(scope).map((one) => each(one.scope));
  const { which } = node;
  return (scope) => {
    const chosen = items(scope)
      .filter((one) => asBoolean(each(one.scope)))
      .map(({ item }) => item);
    return which === 'all' ? chosen : ((which === 'first' ? chosen[0] : chosen.at(-1)) ?? null);
  };
}

function binary(operator: BinaryOperator, node: Of<'binary'>, known: Known): Expression {
  const [left, right] = [compile(node.left, known), compile(node.right, known)];
  switch (operator) {
    case 'and':
      return (scope) => asBoolean(left(scope)) && asBoolean(right(scope));
    case 'or':
      return (scope) => asBoolean(left(scope)) || asBoolean(right(scope));
    case 'eq':
      return (scope) => equalValues(left(scope) ?? null, right(scope) ?? null);
    case 'ne':
      return (scope) => !equalValues(left(scope) ?? null, right(scope) ?? null);
    case 'lt':
      return (scope) => compared(left(scope), right(scope)) < 0;
    case 'le':
      return (scope) => compared(left(scope), right(scope)) <= 0;
    case 'gt':
      return (scope) => compared(left(scope), right(scope)) > 0;
    case 'ge':
      return (scope) => compared(left(scope), right(scope)) >= 0;
    case 'matches':
      return (scope) => matches(left(scope), right(scope));
    case 'between':
      return (scope) => {
        const [value, bounds] = [left(scope), right(scope)];
        if (!Array.isArray(bounds) || bounds.length !== 2)
          throw new EvaluationFailed('between needs a list of two');
        return compared(value, bounds[0]) >= 0 && compared(value, bounds[1]) <= 0;
      };
    default:
      return (scope) => calculated(operator, left(scope), right(scope));
  }
}

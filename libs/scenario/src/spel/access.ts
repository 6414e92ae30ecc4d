import type { Node, NodeOf } from './ast.js';
import { EvaluationFailed, ExpressionRefused, RefusedElsewhere } from './expression-error.js';
import { HELPERS, compileHelper } from './helpers.js';
import { checkPattern } from './java-pattern.js';
import { methodsOf, type Argument, type Method } from './methods.js';
import type { Compile, Compiled, Expression, Known } from './scope.js';
import { REFUSED, constantOf, describe, isText, numberKinds, options, union, type Type } from './types.js';
import { unwrap, type Value } from './value.js';

export function compileVariable({ name, at }: NodeOf<'variable'>, known: Known): Compiled {
  if (Object.hasOwn(HELPERS, name))
    throw new ExpressionRefused(
      `#${name} is a helper; call one of its methods: #${name}.${Object.keys(HELPERS[name]!)[0]!}`,
      at,
    );
  const variable = known.get(name);
  if (variable === undefined) {
    const names = known.names().map((one) => `#${one}`);
    throw new ExpressionRefused(
      `the variable #${name} does not exist here; there are: ${names.join(', ')}`,
      at,
    );
  }
  const { slot, type } = variable;
  if (type === REFUSED) throw new RefusedElsewhere();
  return { type, run: ({ slots }) => slots[slot] ?? null };
}

/** Absent in the record, these names would call a method of Java's Map instead of giving null. */
const MAP_WORDS = new Set(
  'size isEmpty empty keySet values entrySet hashCode toString getClass class clear notify notifyAll wait'.split(
    ' ',
  ),
);

export function compileProperty(node: NodeOf<'property'>, known: Known, compile: Compile): Compiled {
  const help = compileHelper(node, known, compile);
  if (help !== undefined) return help;
  const { name, safe, at } = node;
  const target = compile(node.target, known);
  const parts = options(target.type).map((type): { type: Type; method?: Method } => {
    const field = type.kind === 'record' ? type.fields.get(name) : undefined;
    if (field !== undefined) return { type: field };
    const method = Object.hasOwn(methodsOf(type), name) ? methodsOf(type)[name]! : undefined;
    if (method !== undefined) {
      if (!method.calls.some(({ length }) => length === 0))
        throw new ExpressionRefused(`${name} needs brackets with a value: .${name}(...)`, at);
      checkTarget(method, type, name, at);
      return { type: method.result(type), method };
    }
    if (type.kind === 'map') return { type: type.values };
    throw noField(type, name, at);
  });
  const type = union(parts.map((part) => part.type));
  const { method } = parts[0]!;
  if (parts.some((part) => part.method !== method)) throw ambiguous(name, at);
  if (method !== undefined) return { type, run: call(target.run, method, [], name, safe) };
  if (MAP_WORDS.has(name))
    throw new ExpressionRefused(
      `the field ${name} must be read as ['${name}'], because .${name} is a method`,
      at,
    );
  const slot = node.target.kind === 'variable' ? known.get(node.target.name)?.slot : undefined;
  return {
    type,
    run: slot === undefined ? readField(target.run, name, safe) : readSlotField(slot, name, safe),
  };
}

function ambiguous(name: string, at: number): ExpressionRefused {
  return new ExpressionRefused(`${name} means different things for the types this may have`, at);
}

function checkTarget(
  method: Method,
  type: Parameters<NonNullable<Method['refuse']>>[0],
  name: string,
  at: number,
): void {
  const reason = method.refuse?.(type);
  if (reason !== undefined) throw new ExpressionRefused(`.${name} cannot be used: ${reason}`, at);
}

/** A field or method that is not there, with those that are. */
export function noField(type: Type, name: string, at: number): ExpressionRefused {
  if (type.kind === 'unknown')
    return new ExpressionRefused(
      `the type of this value is not known, so .${name} cannot be read; write ['${name}']`,
      at,
    );
  if (type.kind === 'record')
    return new ExpressionRefused(
      `there is no field ${name}; there are: ${[...type.fields.keys()].join(', ') || 'none'}`,
      at,
    );
  return new ExpressionRefused(`${describe(type)} has no ${name}${methodList(type)}`, at);
}

function methodList(type: Type): string {
  const names = options(type).flatMap((one) => Object.keys(methodsOf(one)));
  return names.length === 0 ? '' : `; there are: ${names.join(', ')}`;
}

function readField(target: Expression, name: string, safe: boolean): Expression {
  const read = fieldOf(name, safe);
  return (scope) => read(target(scope));
}

/** The field of a variable: most of what rules read, so it is read without a step in between. */
function readSlotField(slot: number, name: string, safe: boolean): Expression {
  const read = fieldOf(name, safe);
  return ({ slots }) => read(slots[slot]);
}

function fieldOf(name: string, safe: boolean): (value: Value) => Value {
  // Names such as constructor are found on every JS object.
  const inherited = name in {};
  return (value) => {
    if (value === null || value === undefined) {
      if (safe) return null;
      throw new EvaluationFailed(`the field ${name} of null was read`);
    }
    if (inherited && !Object.hasOwn(value, name)) return null;
    return unwrap((value as Record<string, Value>)[name]) ?? null;
  };
}

function call(
  target: Expression,
  method: Method,
  args: readonly Expression[],
  name: string,
  safe: boolean,
): Expression {
  const run = method.run as (...values: Value[]) => Value;
  const keepsNull = method.calls[0]![0] === 'any' || name === 'get' || name === 'containsKey';
  return (scope) => {
    const value = target(scope);
    if (value === null || value === undefined) {
      if (safe) return null;
      throw new EvaluationFailed(`${name} of null was called`);
    }
    if (args.length === 0) return unwrap(run(value)) ?? null;
    const given = args.map((arg) => arg(scope));
    if (!keepsNull && given.includes(null)) throw new EvaluationFailed(`${name} was given null`);
    return unwrap(run(value, ...given)) ?? null;
  };
}

export function compileMethod(node: NodeOf<'method'>, known: Known, compile: Compile): Compiled {
  const help = compileHelper(node, known, compile);
  if (help !== undefined) return help;
  const { name, safe, at } = node;
  const target = compile(node.target, known);
  const args = node.args.map((arg) => compile(arg, known));
  const methods = options(target.type).map((type) => {
    const method = Object.hasOwn(methodsOf(type), name) ? methodsOf(type)[name]! : undefined;
    if (method === undefined)
      throw new ExpressionRefused(
        `the method ${name} is not available on ${describe(type)}${methodList(type)}`,
        at,
      );
    checkTarget(method, type, name, at);
    return { method, type: method.result(type) };
  });
  const { method } = methods[0]!;
  if (methods.some((other) => other.method !== method)) throw ambiguous(name, at);
  checkArguments(method, node, args);
  return {
    type: union(methods.map(({ type }) => type)),
    run: call(
      target.run,
      method,
      args.map(({ run }) => run),
      name,
      safe,
    ),
  };
}

const NEEDED: Readonly<Record<Argument, string>> = {
  text: 'a text',
  pattern: 'a text',
  integer: 'a whole number (Integer)',
  any: 'a value',
  'type-name': "'String'",
};

function checkArguments(
  method: Method,
  { name, args: nodes, at }: NodeOf<'method'>,
  args: readonly Compiled[],
): void {
  const wanted = method.calls.find(({ length }) => length === args.length);
  if (wanted === undefined) {
    const counts = method.calls.map(({ length }) => length).join(' or ');
    throw new ExpressionRefused(`${name} takes ${counts} values in brackets, not ${args.length}`, at);
  }
  wanted.forEach((argument, index) => checkArgument(argument, nodes[index]!, args[index]!, name));
}

function checkArgument(argument: Argument, node: Node, { type }: Compiled, name: string): void {
  const constant = constantOf(type);
  const kinds = numberKinds(type);
  const fits =
    argument === 'any' ||
    (argument === 'integer' && kinds?.length === 1 && kinds[0] === 'Integer') ||
    (argument === 'type-name' && constant?.value === 'String') ||
    ((argument === 'text' || argument === 'pattern') && isText(type));
  if (!fits)
    throw new ExpressionRefused(`${name} needs ${NEEDED[argument]} here, not ${describe(type)}`, node.at);
  if (argument === 'pattern' && typeof constant?.value === 'string') checkPattern(constant.value, node.at);
}

import { compileMethod, compileProperty, compileVariable } from './access.js';
import type { LiteralValue, Node, NodeOf } from './ast.js';
import { compileIndex } from './indexing.js';
import { compileIteration } from './iteration.js';
import { ExpressionRefused } from './expression-error.js';
import { Double } from './numbers.js';
import { compileSign } from './calculation.js';
import { asBoolean, needBoolean } from './operand.js';
import { compileBinary } from './operations.js';
import { parseExpression } from './parser.js';
import type { Compiled, Known } from './scope.js';
import { BOOLEAN, NULL, constantOf, supertype, union, type PlainType, type Type } from './types.js';
import type { Value } from './value.js';

/**
 * Compiles an expression once, with its type as the Designer finds it.
 * @throws ExpressionRefused for what the two engines would not run alike.
 */
export function compileExpression(source: string, known: Known): Compiled {
  return compile(parseExpression(source), known);
}

function compile(node: Node, known: Known): Compiled {
  switch (node.kind) {
    case 'literal':
      return literal(node.value);
    case 'variable':
      return compileVariable(node, known);
    case 'list':
      return list(node, known);
    case 'record':
      return record(node, known);
    case 'property':
      return compileProperty(node, known, compile);
    case 'method':
      return compileMethod(node, known, compile);
    case 'index':
      return compileIndex(node, known, compile);
    case 'select':
    case 'project':
      return compileIteration(node, known, compile);
    case 'not': {
      const operand = compile(node.operand, known);
      needBoolean(operand, node.operand.at, '"not"');
      return { type: BOOLEAN, run: (scope) => !asBoolean(operand.run(scope)) };
    }
    case 'sign':
      return compileSign(node, known, compile);
    case 'isText': {
      const { run } = compile(node.operand, known);
      return { type: BOOLEAN, run: (scope) => typeof run(scope) === 'string' };
    }
    case 'binary':
      return compileBinary(node, known, compile);
    case 'ternary':
      return ternary(node, known);
    case 'elvis':
      return elvis(node, known);
  }
}

function literal(value: LiteralValue): Compiled {
  const constant: Value = typeof value === 'object' && value !== null ? new Double(value.double) : value;
  return { type: literalType(value), run: () => constant };
}

function literalType(value: LiteralValue): PlainType {
  if (value === null) return NULL;
  switch (typeof value) {
    case 'string':
      return { kind: 'text', value };
    case 'boolean':
      return { kind: 'boolean', value };
    case 'number':
      return { kind: 'number', of: 'Integer', value };
    case 'bigint':
      return { kind: 'number', of: 'Long', value };
    default:
      return { kind: 'number', of: 'Double', value: new Double(value.double) };
  }
}

function list({ items }: NodeOf<'list'>, known: Known): Compiled {
  const parts = items.map((item) => compile(item, known));
  const constants = parts.map(({ type }) => constantOf(type));
  const element: Type =
    parts.length === 0 ? { kind: 'unknown' } : parts.map(({ type }) => type).reduce(supertype, NULL);
  const type: Type = { kind: 'list', name: 'List', element };
  const runs = parts.map(({ run }) => run);
  if (constants.includes(undefined)) return { type, run: (scope) => runs.map((run) => run(scope)) };
  const values = constants.map((constant) => constant!.value);
  return { type: { ...type, values }, run: () => values };
}

function record({ fields }: NodeOf<'record'>, known: Known): Compiled {
  const parts = fields.map(({ name, value }) => ({ name, ...compile(value, known) }));
  const names = parts.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined)
    throw new ExpressionRefused(`the field ${twice} stands twice in this record`, fields[0]!.value.at);
  if (names.includes('__proto__'))
    throw new ExpressionRefused('a field cannot be called __proto__', fields[0]!.value.at);
  const type: Type = {
    kind: 'record',
    fields: new Map(parts.map((part) => [part.name, part.type])),
    ordered: true,
  };
  const run = (scope: Parameters<Compiled['run']>[0]): Value => {
    const value: Record<string, Value> = {};
    for (const part of parts) value[part.name] = part.run(scope);
    return value;
  };
  return { type, run };
}

function ternary(node: NodeOf<'ternary'>, known: Known): Compiled {
  const [test, yes, no] = [compile(node.test, known), compile(node.yes, known), compile(node.no, known)];
  needBoolean(test, node.test.at, 'the part before "?"');
  return {
    type: supertype(yes.type, no.type),
    run: (scope) => (asBoolean(test.run(scope)) ? yes.run(scope) : no.run(scope)),
  };
}

function elvis(node: NodeOf<'elvis'>, known: Known): Compiled {
  const [value, otherwise] = [compile(node.value, known), compile(node.otherwise, known)];
  if (value.type.kind === 'null')
    throw new ExpressionRefused('null before "?:" is never used; write the other side alone', node.at);
  return {
    type: otherwise.type.kind === 'null' ? value.type : union([value.type, otherwise.type]),
    run: (scope) => {
      const found = value.run(scope);
      // Spring's Elvis takes the right side for null and for the empty text.
      return found === null || found === undefined || found === '' ? otherwise.run(scope) : found;
    },
  };
}

import { EvaluationFailed } from './expression-error.js';
import { BadArgument, type HelperMethod } from './helper-method.js';
import { javaCompare, javaEquals } from './equality.js';
import { arithmetic } from './arithmetic.js';
import { mergeFields } from '../passed-text.js';
import { javaText } from './java-text.js';
import { Decimal, Double, toDecimal, type SpelNumber } from './numbers.js';
import {
  TEXT,
  UNKNOWN,
  describe,
  elementOf,
  isRecordLike,
  isText,
  listType,
  numberKinds,
  numberType,
  options,
  show,
  withoutValue,
  type Type,
} from './types.js';
import { isRecord, kindOf, type Value } from './value.js';

type Fields = Record<string, Value>;

function listOf(value: Value): Value[] {
  if (!Array.isArray(value)) throw new EvaluationFailed(`a list is needed, not ${kindOf(value)}`);
  return value as Value[];
}

function recordOf(value: Value): Fields {
  if (!isRecord(value)) throw new EvaluationFailed(`a record is needed, not ${kindOf(value)}`);
  return value;
}

function elementType(type: Type | undefined): Type {
  const element = type === undefined ? undefined : elementOf(type);
  if (element === undefined) throw new BadArgument(`a list is needed, not ${describe(type ?? UNKNOWN)}`);
  return withoutValue(element);
}

/** A list of texts, or of numbers of one kind: what Java can put in order. */
function sortable(type: Type | undefined): Type {
  const element = elementType(type);
  const kinds = numberKinds(element);
  if (isText(element) || (kinds?.length === 1 && kinds[0] !== 'Number')) return element;
  throw new BadArgument('a list of texts, or of numbers of one kind, is needed');
}

function concat(args: readonly Type[]): Type {
  const elements = args.map(elementType);
  // The Designer gives up on a list that is one of two kinds, and so does this engine.
  const plain = args.length === 2 && args.every(({ kind }) => kind === 'list');
  return listType(plain && show(elements[0]!) === show(elements[1]!) ? elements[0]! : UNKNOWN);
}

function merge(args: readonly Type[]): Type {
  const fields = new Map<string, Type>();
  for (const type of args) {
    if (!isRecordLike(type)) throw new BadArgument(`a record is needed, not ${describe(type)}`);
    for (const one of options(type)) {
      if (one.kind === 'record') for (const [name, field] of one.fields) fields.set(name, field);
    }
  }
  if (args.some(({ kind }) => kind !== 'record')) return { kind: 'map', values: UNKNOWN, ordered: false };
  return { kind: 'record', fields, ordered: false };
}

function summed(args: readonly Type[]): Type {
  const kinds = numberKinds(elementType(args[0]));
  if (kinds?.length !== 1 || kinds[0] === 'Number')
    throw new BadArgument('a list of numbers of one kind is needed');
  return numberType(kinds[0] === 'Integer' ? 'Long' : kinds[0]!);
}

/** Integers are summed as Longs; the sum of nothing is the Double 0.0, whatever the list was meant to hold. */
function sum([value]: Value[]): Value {
  const list = listOf(value) as (SpelNumber | null)[];
  if (list.includes(null)) throw new EvaluationFailed('a list with null cannot be summed');
  const numbers = list as SpelNumber[];
  if (numbers.length === 0) return new Double(0);
  const [first] = numbers;
  const start = first instanceof Decimal ? undefined : first instanceof Double ? new Double(0) : 0n;
  if (start === undefined) return numbers.map(toDecimal).reduce((a, b) => arithmetic('add', a, b) as Decimal);
  return numbers.reduce((total, number) => arithmetic('add', total, number), start);
}

function extreme(sign: 1 | -1): HelperMethod {
  return {
    counts: [1, 1],
    result: ([type]) => sortable(type),
    run: ([value]) => {
      const list = listOf(value);
      if (list.length === 0) throw new EvaluationFailed('the list is empty');
      if (list.includes(null)) throw new EvaluationFailed('a list with null cannot be put in order');
      return list.reduce((best, item) => (javaCompare(item, best) * sign > 0 ? item : best));
    },
  };
}

export const COLLECTION: Readonly<Record<string, HelperMethod>> = {
  concat: { counts: [1, Infinity], result: concat, run: (args) => args.flatMap(listOf) },
  merge: {
    counts: [1, Infinity],
    result: merge,
    run: (args) => args.map(recordOf).reduce(mergeFields),
  },
  max: extreme(1),
  min: extreme(-1),
  sum: { counts: [1, 1], result: summed, run: sum },
  join: {
    counts: [2, 2],
    result: ([list, by]) => {
      const element = elementType(list);
      const kinds = numberKinds(element);
      if (!isText(element) && (kinds === undefined || kinds.includes('Number')))
        throw new BadArgument('a list of texts or numbers is needed');
      if (!isText(by!)) throw new BadArgument('the second value must be a text');
      return TEXT;
    },
    run: ([list, by]) => {
      if (typeof by !== 'string') throw new EvaluationFailed('the text between the parts is null');
      return listOf(list).map(javaText).join(by);
    },
  },
  sortedAsc: {
    counts: [1, 1],
    result: ([type]) => listType(sortable(type)),
    run: ([value]) => {
      const list = listOf(value);
      if (list.includes(null)) throw new EvaluationFailed('a list with null cannot be put in order');
      return list.toSorted(javaCompare);
    },
  },
  distinct: {
    counts: [1, 1],
    result: ([type]) => listType(elementType(type)),
    run: ([value]) =>
      listOf(value).filter((item, at, all) => all.findIndex((other) => javaEquals(other, item)) === at),
  },
  diff: {
    counts: [2, 2],
    result: ([left, right]) => {
      const [a, b] = [sortable(left), sortable(right)];
      if (show(a) !== show(b) || show(a) === 'Double')
        throw new BadArgument('two lists of texts, or of whole or decimal numbers of one kind, are needed');
      return listType(a);
    },
    run: ([left, right]) => {
      const taken = listOf(right);
      return listOf(left).filter((item) => !taken.some((other) => javaEquals(other, item)));
    },
  },
};

import type { Node } from './ast.js';
import { intValue, longValue } from './arithmetic.js';
import { EvaluationFailed } from './expression-error.js';
import { javaEquals } from './equality.js';
import { hashOrder, javaText } from './java-text.js';
import { Decimal, Double, toFloat, type SpelNumber } from './numbers.js';
import {
  isBlank,
  parseDouble,
  parseLong,
  replaceAll,
  requireNumber,
  split,
  substring,
} from './text-functions.js';
import {
  BOOLEAN,
  TEXT,
  UNKNOWN,
  elementOf,
  listType,
  numberType,
  show,
  supertype,
  type PlainType,
  type Type,
} from './types.js';
import { Instant, type Value } from './value.js';

/** What an argument must be. A `pattern` is a text read as a Java pattern. */
export type Argument = 'text' | 'integer' | 'pattern' | 'any' | 'type-name';

export interface Method {
  /** Each list is one way to call it. Without arguments it may also be written without brackets. */
  calls: readonly (readonly Argument[])[];
  result: (target: PlainType) => Type;
  /** Called with the target, which is never null, and the arguments. */
  run: (target: never, ...args: never[]) => Value;
  /** Why it cannot be used on this type. */
  refuse?: (target: PlainType) => string | undefined;
  node?: Node;
}

type Methods = Readonly<Record<string, Method>>;

const method = (
  calls: Method['calls'],
  result: Type | Method['result'],
  run: Method['run'],
  refuse?: Method['refuse'],
): Method => ({
  calls,
  result: typeof result === 'function' ? result : () => result,
  run,
  ...(refuse === undefined ? {} : { refuse }),
});

const INTEGER = numberType('Integer');
const LONG = numberType('Long');
const DOUBLE = numberType('Double');
const DECIMAL = numberType('BigDecimal');
const NONE: Method['calls'] = [[]];
const ONE_TEXT: Method['calls'] = [['text']];

const TEXT_METHODS: Methods = {
  length: method(NONE, INTEGER, (text: string) => text.length),
  isEmpty: method(NONE, BOOLEAN, (text: string) => text.length === 0),
  isBlank: method(NONE, BOOLEAN, isBlank),
  toUpperCase: method(NONE, TEXT, (text: string) => text.toUpperCase()),
  toLowerCase: method(NONE, TEXT, (text: string) => text.toLowerCase()),
  trim: method(NONE, TEXT, (text: string) => text.replace(/^[\u0000-\u0020]+|[\u0000-\u0020]+$/g, '')),
  toString: method(NONE, TEXT, (text: string) => text),
  contains: method(ONE_TEXT, BOOLEAN, (text: string, part: string) => text.includes(part)),
  startsWith: method(ONE_TEXT, BOOLEAN, (text: string, part: string) => text.startsWith(part)),
  endsWith: method(ONE_TEXT, BOOLEAN, (text: string, part: string) => text.endsWith(part)),
  indexOf: method(ONE_TEXT, INTEGER, (text: string, part: string) => text.indexOf(part)),
  lastIndexOf: method(ONE_TEXT, INTEGER, (text: string, part: string) => text.lastIndexOf(part)),
  substring: method([['integer'], ['integer', 'integer']], TEXT, substring),
  split: method([['pattern']], listType(TEXT), split),
  replaceAll: method([['pattern', 'text']], TEXT, replaceAll),
  toBigDecimal: method(NONE, DECIMAL, (text: string) => requireNumber(Decimal.parse(text), text)),
  toBigDecimalOrNull: method(NONE, DECIMAL, (text: string) => Decimal.parse(text) ?? null),
  canBeBigDecimal: method(NONE, BOOLEAN, (text: string) => Decimal.parse(text) !== undefined),
  toLong: method(NONE, LONG, (text: string) => requireNumber(parseLong(text), text)),
  toLongOrNull: method(NONE, LONG, (text: string) => parseLong(text) ?? null),
  canBeLong: method(NONE, BOOLEAN, (text: string) => parseLong(text) !== undefined),
  toDouble: method(NONE, DOUBLE, (text: string) => requireNumber(parseDouble(text), text)),
};

const NUMBER_METHODS: Methods = {
  toString: method(NONE, TEXT, javaText, (type) =>
    type.kind === 'number' && type.of === 'Number' ? 'how this number is written is not known' : undefined,
  ),
  intValue: method(NONE, INTEGER, intValue),
  longValue: method(NONE, LONG, longValue),
  doubleValue: method(NONE, DOUBLE, (number: SpelNumber) => new Double(toFloat(number))),
};

const LIST_METHODS: Methods = {
  size: method(NONE, INTEGER, (list: Value[]) => list.length),
  isEmpty: method(NONE, BOOLEAN, (list: Value[]) => list.length === 0),
  // Java's List.contains asks for the same kind of number, so {7,8}.contains(7L) is false.
  contains: method([['any']], BOOLEAN, (list: Value[], item: Value) =>
    list.some((other) => javaEquals(other, item)),
  ),
};

type Fields = Record<string, Value>;

/** The value type of a record as a map: that of its fields if they are all of one type. */
function fieldType(type: PlainType): Type {
  if (type.kind === 'map') return type.values;
  const fields = type.kind === 'record' ? [...type.fields.values()] : [];
  if (fields.length === 0) return UNKNOWN;
  const common = fields.reduce(supertype);
  return fields.every((field) => show(supertype(field, field)) === show(common))
    ? supertype(common, common)
    : UNKNOWN;
}

const keysOf = (target: PlainType): PlainType => ({
  kind: 'list',
  name: 'Set',
  element: target.kind === 'map' || target.kind === 'record' ? TEXT : UNKNOWN,
});
const unordered: Method['refuse'] = (type) =>
  (type.kind === 'record' || type.kind === 'map') && !type.ordered
    ? 'the order of the fields is not known here; name the fields one by one'
    : undefined;

const RECORD_METHODS: Methods = {
  get: method(ONE_TEXT, fieldType, (record: Fields, key: string | null) =>
    key !== null && Object.hasOwn(record, key) ? record[key] : null,
  ),
  containsKey: method(
    ONE_TEXT,
    BOOLEAN,
    (record: Fields, key: string | null) => key !== null && Object.hasOwn(record, key),
  ),
  size: method(NONE, INTEGER, (record: Fields) => Object.keys(record).length),
  isEmpty: method(NONE, BOOLEAN, (record: Fields) => Object.keys(record).length === 0),
};

/** Only for objects of a message, whose order is Java's, and for records written out in the expression. */
const ORDERED_METHODS: Methods = {
  keySet: method(NONE, keysOf, (record: Fields) => Object.keys(record), unordered),
  values: method(
    NONE,
    (type) => ({ kind: 'list', name: 'Collection', element: fieldType(type) }),
    (record: Fields) => Object.values(record),
    unordered,
  ),
};

const MAP_METHODS: Methods = {
  keySet: method(NONE, keysOf, (record: Fields) => hashOrder(Object.keys(record))),
  values: method(
    NONE,
    (type) => ({ kind: 'list', name: 'Collection', element: fieldType(type) }),
    (record: Fields) => hashOrder(Object.keys(record)).map((key) => record[key]),
  ),
  toString: method(NONE, TEXT, javaText),
};

const UNKNOWN_METHODS: Methods = {
  toString: method(NONE, TEXT, javaText),
  to: method([['type-name']], TEXT, (value: Value) => {
    if (typeof value !== 'string') throw new EvaluationFailed('the value is not a text');
    return value;
  }),
  canBe: method([['type-name']], BOOLEAN, (value: Value) => typeof value === 'string'),
};

const INSTANT_METHODS: Methods = {
  toEpochMilli: method(NONE, LONG, (instant: Instant) => BigInt(instant.epochMilli)),
};

/** The methods that both engines run alike on a value of this type. */
export function methodsOf(type: PlainType): Methods {
  switch (type.kind) {
    case 'text':
      return TEXT_METHODS;
    case 'number':
      return NUMBER_METHODS;
    case 'list':
      return elementOf(type) === undefined ? {} : LIST_METHODS;
    case 'record':
      return { ...RECORD_METHODS, ...ORDERED_METHODS };
    case 'map':
      return { ...RECORD_METHODS, ...MAP_METHODS };
    case 'unknown':
      return UNKNOWN_METHODS;
    case 'opaque':
      return type.name === 'Instant' ? INSTANT_METHODS : {};
    default:
      return {};
  }
}

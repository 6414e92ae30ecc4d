import { EvaluationFailed } from './expression-error.js';
import { Decimal } from './numbers.js';
import { Instant, equalValues, isRecord, kindOf, type Value } from './value.js';

export type Method = (target: never, ...args: never[]) => Value;

function pattern(source: string): RegExp {
  return new RegExp(source, 'gu');
}

/** Methods of a text; without arguments they may be written as a property too (`#s.length`). */
const TEXT: Readonly<Record<string, (target: string, ...args: never[]) => Value>> = {
  length: (text) => text.length,
  isEmpty: (text) => text.length === 0,
  toUpperCase: (text) => text.toUpperCase(),
  toLowerCase: (text) => text.toLowerCase(),
  trim: (text) => text.replace(/^[\u0000-\u0020]+|[\u0000-\u0020]+$/g, ''),
  contains: (text, part: string) => text.includes(part),
  startsWith: (text, part: string) => text.startsWith(part),
  endsWith: (text, part: string) => text.endsWith(part),
  indexOf: (text, part: string) => text.indexOf(part),
  lastIndexOf: (text, part: string) => text.lastIndexOf(part),
  substring: (text, from: number, to?: number) => {
    if (from < 0 || from > text.length || (to !== undefined && (to < from || to > text.length))) {
      throw new EvaluationFailed('String index out of range');
    }
    return text.slice(from, to);
  },
  split: (text, by: string) => dropTrailingEmpty(text.split(pattern(by))),
  replaceAll: (text, by: string, replacement: string) => text.replace(pattern(by), replacement),
  replace: (text, part: string, replacement: string) => text.replaceAll(part, () => replacement),
  toBigDecimal: (text) => Decimal.parse(text) ?? failNumber(text),
  toBigDecimalOrNull: (text) => Decimal.parse(text) ?? null,
  toLong: (text) => (isLong(text) ? BigInt(text) : failNumber(text)),
  toLongOrNull: (text) => (isLong(text) ? BigInt(text) : null),
  canBeLong: (text) => isLong(text),
  canBeBigDecimal: (text) => Decimal.parse(text) !== undefined,
};

function dropTrailingEmpty(parts: string[]): string[] {
  const result = [...parts];
  while (result.length > 1 && result.at(-1) === '') result.pop();
  return result;
}

function isLong(text: string): boolean {
  return (
    /^[+-]?\d{1,19}$/.test(text) &&
    BigInt.asIntN(64, BigInt(text.replace('+', ''))) === BigInt(text.replace('+', ''))
  );
}

function failNumber(text: string): never {
  throw new EvaluationFailed(`Cannot convert a text of ${text.length} characters to a number`);
}

const LIST: Readonly<Record<string, (target: Value[], ...args: never[]) => Value>> = {
  size: (list) => list.length,
  isEmpty: (list) => list.length === 0,
  // Java's List.contains asks for the same kind of number, so {7,8}.contains(7L) is false.
  contains: (list, item: Value) =>
    list.some((other) => typeof other === typeof item && equalValues(other, item)),
};

const RECORD: Readonly<Record<string, (target: Record<string, Value>, ...args: never[]) => Value>> = {
  get: (record, key: string) => record[key] ?? null,
  size: (record) => Object.keys(record).length,
  isEmpty: (record) => Object.keys(record).length === 0,
  containsKey: (record, key: string) => key in record,
};

const INSTANT: Readonly<Record<string, (target: Instant) => Value>> = {
  toEpochMilli: (instant) => BigInt(instant.epochMilli),
};

/** Every method name there is, for the check when a file is loaded. */
export const METHOD_NAMES: ReadonlySet<string> = new Set(
  [TEXT, LIST, RECORD, INSTANT].flatMap((table) => Object.keys(table)),
);

/** The method of this value, or undefined. */
export function methodOf(target: Value, name: string): Method | undefined {
  const table: Readonly<Record<string, Method>> | undefined =
    typeof target === 'string'
      ? TEXT
      : Array.isArray(target)
        ? LIST
        : target instanceof Instant
          ? INSTANT
          : isRecord(target)
            ? RECORD
            : undefined;
  return table !== undefined && Object.hasOwn(table, name) ? table[name] : undefined;
}

/** Helpers (`#COLLECTION.concat(...)`). Each is a closed table: what is not here is refused when the file is loaded. */
export const HELPERS: Readonly<
  Record<string, Readonly<Record<string, (args: Value[], now: () => number) => Value>>>
> = {
  COLLECTION: {
    concat: (args) => args.flatMap((list) => asList(list)),
    merge: (args) => Object.assign({}, ...args.map(asRecord)) as Value,
    distinct: ([list]) =>
      asList(list).filter((item, i, all) => all.findIndex((other) => equalValues(other, item)) === i),
    join: ([list, by]) => asList(list).map(String).join(String(by)),
  },
  DATE: {
    now: (_args, now) => new Instant(now()),
  },
};

function asList(value: Value): Value[] {
  if (!Array.isArray(value)) throw new EvaluationFailed(`a list is needed, not ${kindOf(value)}`);
  return value as Value[];
}

function asRecord(value: Value): Record<string, Value> {
  if (!isRecord(value)) throw new EvaluationFailed(`a record is needed, not ${kindOf(value)}`);
  return value;
}

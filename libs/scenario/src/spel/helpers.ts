import { randomUUID } from 'node:crypto';
import type { NodeOf } from './ast.js';
import { BadArgument, type HelperMethod } from './helper-method.js';
import { COLLECTION } from './collection-helper.js';
import { EvaluationFailed, ExpressionRefused } from './expression-error.js';
import { hashOrder } from './java-text.js';
import { Decimal, Double, compareNumbers, type SpelNumber } from './numbers.js';
import type { Compile, Compiled, Known } from './scope.js';
import { parseNumber, requireNumber } from './text-functions.js';
import {
  INSTANT,
  LOCAL_DATE,
  TEXT,
  UNKNOWN,
  constantOf,
  describe,
  isText,
  numberKinds,
  numberType,
  type Type,
} from './types.js';
import { Instant, LocalDate, RawNumber, isRecord, type Value } from './value.js';

const needText = (type: Type): void => {
  if (!isText(type)) throw new BadArgument(`a text is needed, not ${describe(type)}`);
};

function sameNumbers(args: readonly Type[]): Type {
  const kinds = args.map((type) => numberKinds(type));
  const [first] = kinds;
  if (first?.length !== 1 || first[0] === 'Number' || kinds.some((kind) => kind?.join() !== first[0]))
    throw new BadArgument('two numbers of the same kind are needed');
  return numberType(first[0]!);
}

function text(value: Value): string {
  if (typeof value !== 'string') throw new EvaluationFailed('a text is needed, not null');
  return value;
}

/** The larger or the smaller of two; null gives way to the other. */
function larger(sign: 1 | -1): HelperMethod['run'] {
  return ([a, b]) => {
    if (a === null) return b;
    if (b === null) return a;
    if (a instanceof Double && b instanceof Double)
      return new Double(sign === 1 ? Math.max(a.value, b.value) : Math.min(a.value, b.value));
    return compareNumbers(a as SpelNumber, b as SpelNumber) * sign >= 0 ? a : b;
  };
}

function parseDay(args: readonly Type[]): Type {
  const value = constantOf(args[0]!)?.value;
  const match = typeof value === 'string' ? /^(\d{4})-(\d\d)-(\d\d)$/.exec(value) : null;
  const day = match === null ? undefined : new Date(`${match[0]}T00:00:00Z`);
  if (day === undefined || Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== value)
    throw new BadArgument("a day written out such as '2026-01-31' is needed");
  return LOCAL_DATE;
}

function readJson(value: Value): Value {
  try {
    return JSON.parse(text(value), (_key, item: Value) =>
      typeof item === 'number' ? new RawNumber(String(item)) : item,
    ) as Value;
  } catch (cause) {
    throw new EvaluationFailed('the text is not JSON', { cause });
  }
}

function isMessageValue(type: Type): boolean {
  return type.kind === 'map' || type.kind === 'text' || type.kind === 'boolean';
}

function jsonText(value: Value): string {
  if (value === null || value === undefined) return 'null';
  if (value instanceof RawNumber || value instanceof Decimal) return value.toString();
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`;
  if (isRecord(value)) {
    const fields = hashOrder(Object.keys(value)).map(
      (key) => `${JSON.stringify(key)}:${jsonText(value[key])}`,
    );
    return `{${fields.join(',')}}`;
  }
  return typeof value === 'bigint' ? value.toString() : JSON.stringify(value);
}

function toNumber(value: Value): Value {
  return typeof value === 'string' || value === null
    ? requireNumber(parseNumber(text(value)), text(value))
    : value;
}

const NUMBER_FROM_TEXT: HelperMethod = {
  counts: [1, 1],
  result: ([type]) => {
    if (numberKinds(type!) !== undefined) return type!;
    needText(type!);
    return numberType('Number');
  },
  run: ([value]) => toNumber(value),
};

/** Helpers as Nussknacker has them. What is not here is refused when the file is loaded. */
export const HELPERS: Readonly<Record<string, Readonly<Record<string, HelperMethod>>>> = {
  COLLECTION,
  NUMERIC: {
    max: { counts: [2, 2], result: sameNumbers, run: larger(1) },
    min: { counts: [2, 2], result: sameNumbers, run: larger(-1) },
    round: {
      counts: [1, 1],
      result: ([type]) => {
        if (numberKinds(type!)?.join() !== 'Double')
          throw new BadArgument('a number with a fraction (Double) is needed');
        return numberType('Double');
      },
      run: ([value]) => {
        if (!(value instanceof Double)) throw new EvaluationFailed('a number is needed, not null');
        return new Double(Math.floor(value.value + 0.5));
      },
    },
    toNumber: NUMBER_FROM_TEXT,
  },
  CONV: {
    toNumber: NUMBER_FROM_TEXT,
    toJson: {
      counts: [1, 1],
      result: ([type]) => {
        needText(type!);
        return UNKNOWN;
      },
      run: ([value]) => readJson(value),
    },
    toJsonString: {
      counts: [1, 1],
      result: ([type]) => {
        if (!isMessageValue(type!))
          throw new BadArgument(`an object field of the message is needed, not ${describe(type!)}`);
        return TEXT;
      },
      run: ([value]) => jsonText(value),
    },
  },
  DATE: { now: { counts: [0, 0], result: () => INSTANT, run: (_args, now) => new Instant(now()) } },
  DATE_FORMAT: {
    parseLocalDate: { counts: [1, 1], result: parseDay, run: ([value]) => new LocalDate(text(value)) },
  },
  BASE64: {
    encode: {
      counts: [1, 1],
      result: ([type]) => {
        needText(type!);
        return TEXT;
      },
      run: ([value]) => Buffer.from(text(value), 'utf8').toString('base64'),
    },
  },
  UTIL: { uuid: { counts: [0, 0], result: () => TEXT, run: () => randomUUID() } },
};

/** A call such as #COLLECTION.join(...), or undefined if the target is no helper. */
export function compileHelper(
  node: NodeOf<'property'> | NodeOf<'method'>,
  known: Known,
  compile: Compile,
): Compiled | undefined {
  const { target, name, at } = node;
  if (target.kind !== 'variable' || !Object.hasOwn(HELPERS, target.name)) return undefined;
  const methods = HELPERS[target.name]!;
  if (!Object.hasOwn(methods, name)) {
    const names = Object.keys(methods).join(', ');
    throw new ExpressionRefused(`#${target.name} has no ${name} here; there are: ${names}`, at);
  }
  const { counts, result, run } = methods[name]!;
  const args = node.kind === 'method' ? node.args.map((arg) => compile(arg, known)) : [];
  const [least, most] = counts;
  if (args.length < least || args.length > most) {
    const count = least === most ? String(least) : `at least ${least}`;
    throw new ExpressionRefused(
      `#${target.name}.${name} takes ${count} values in brackets, not ${args.length}`,
      at,
    );
  }
  try {
    const type = result(args.map((arg) => arg.type));
    return {
      type,
      run: (scope) =>
        run(
          args.map((arg) => arg.run(scope)),
          scope.now,
        ),
    };
  } catch (cause) {
    if (!(cause instanceof BadArgument)) throw cause;
    throw new ExpressionRefused(`#${target.name}.${name} cannot be used so: ${cause.message}`, at);
  }
}

import { isNumberText, parseExact, plain } from '@gpo/g2p-connect-schemas';
import { passText, passedText } from './passed-text.js';
import { EvaluationFailed } from './spel/expression-error.js';
import { javaText } from './spel/java-text.js';
import { Decimal, Double } from './spel/numbers.js';
import { RawNumber, isRecord, LocalDate, type Value } from './spel/value.js';
import type { JsonSchema, TopicSchema } from './schema-types.js';

/** The message is not one that the source would let in; Nussknacker drops it without trace, we keep its bytes. */
export class MessageRefused extends Error {
  override readonly name = 'MessageRefused';
}

type Fields = Record<string, Value>;

/** Reads messages as the source does: valid against the schema, integers as Long, numbers with their own digits. */
export function messageReader(schema: TopicSchema): (bytes: Buffer) => Fields {
  const declared = Object.entries(schema.properties);
  const whole = new Map(
    declared.filter(([, { type }]) => type === 'integer').map(([name]) => [name, JSON.stringify(name)]),
  );
  return (bytes) => {
    const parsed = parse(bytes, whole);
    for (const [name, field] of declared) {
      if (Object.hasOwn(parsed, name)) parsed[name] = read(parsed[name], field, name);
    }
    checkObject(parsed, schema, 'the message');
    return parsed;
  };
}

function parse(bytes: Buffer, whole: WholeFields): Fields {
  const text = bytes.toString('utf8');
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
    if (isRecord(parsed) && needsDigits(parsed, whole, text)) parsed = withRawNumbers(parseExact(bytes));
    else if (isRecord(parsed) && isPassable(parsed)) passText(parsed, text);
  } catch (cause) {
    throw new MessageRefused('not JSON', { cause });
  }
  if (!isRecord(parsed)) throw new MessageRefused('not a JSON object');
  if (namesWritten(text) !== namesKept(parsed)) throw new MessageRefused('a field stands twice');
  return parsed;
}

/** Null may have to be left out, and an empty record has nothing to write behind. */
function isPassable(message: Fields): boolean {
  let fields = 0;
  for (const name in message) {
    if (message[name] === null) return false;
    fields += 1;
  }
  return fields > 0;
}

/** Whole-number fields with their names as JSON writes them. */
type WholeFields = ReadonlyMap<string, string>;

/** True where a number must keep its digits; a short whole number in a whole-number field need not. */
function needsDigits(message: Fields, whole: WholeFields, text: string): boolean {
  for (const name in message) {
    const item = message[name];
    if (typeof item === 'string' || typeof item === 'boolean' || item === null) continue;
    const isShort = Number.isSafeInteger(item) && !Object.is(item, -0);
    const written = isShort ? whole.get(name) : undefined;
    if (written !== undefined && isWrittenWhole(text, written)) continue;
    if (holdsNumber(item)) return true;
  }
  return false;
}

const WHOLE_NUMBER = /\s*:\s*-?\d+\s*[,}]/y;

/** Tells 1 from 1.0 and 1e0, which are errors in a whole-number field and look alike after JSON.parse. */
function isWrittenWhole(text: string, name: string): boolean {
  const at = text.indexOf(name);
  if (at < 0 || text.includes(name, at + name.length)) return false;
  WHOLE_NUMBER.lastIndex = at + name.length;
  return WHOLE_NUMBER.test(text);
}

function holdsNumber(item: Value): boolean {
  if (typeof item === 'number') return true;
  return typeof item === 'object' && item !== null && Object.values(item).some(holdsNumber);
}

function withRawNumbers(value: unknown): Value {
  if (isNumberText(value)) return new RawNumber(plain(value));
  if (Array.isArray(value)) return value.map(withRawNumbers);
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withRawNumbers(item)]));
}

/** How many names of fields the text holds: every text followed by a colon. */
function namesWritten(text: string): number {
  let names = 0;
  for (let open = text.indexOf('"'); open >= 0;) {
    let close = text.indexOf('"', open + 1);
    while (escaped(text, close)) close = text.indexOf('"', close + 1);
    let next = close + 1;
    while (text.charCodeAt(next) <= 0x20) next += 1;
    if (text[next] === ':') names += 1;
    open = text.indexOf('"', close + 1);
  }
  return names;
}

function escaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text[at - 1 - backslashes] === '\\') backslashes += 1;
  return backslashes % 2 === 1;
}

function namesKept(value: Value): number {
  if (typeof value !== 'object' || value === null || value instanceof RawNumber) return 0;
  const items = Object.values(value);
  let names = Array.isArray(value) ? 0 : items.length;
  for (const item of items) if (typeof item === 'object') names += namesKept(item);
  return names;
}

function read(value: Value, schema: JsonSchema, name: string): Value {
  switch (schema.type) {
    case 'string':
      if (typeof value !== 'string') throw new MessageRefused(`${name} is not a text`);
      if (schema.enum !== undefined && !schema.enum.includes(value))
        throw new MessageRefused(`${name} is not one of the values allowed`);
      return value;
    case 'integer':
      return asLong(name, value);
    case 'number': {
      const number = value instanceof RawNumber ? Decimal.parse(value.text) : undefined;
      if (number === undefined) throw new MessageRefused(`${name} is not a number`);
      return number;
    }
    case 'boolean':
      if (typeof value !== 'boolean') throw new MessageRefused(`${name} is not true or false`);
      return value;
    case 'array': {
      if (!Array.isArray(value)) throw new MessageRefused(`${name} is not a list`);
      const { items } = schema;
      return items === undefined ? (value as Value) : value.map((item) => read(item, items, name));
    }
    case 'object':
      return readObject(value, schema, name);
    default:
      return value;
  }
}

function readObject(value: Value, schema: JsonSchema, name: string): Value {
  if (!isRecord(value)) throw new MessageRefused(`${name} is not a record`);
  const { properties = {}, additionalProperties: more } = schema;
  for (const key of Object.keys(value)) {
    const field = Object.hasOwn(properties, key) ? properties[key] : more;
    if (typeof field === 'object') value[key] = read(value[key], field, `${name}.${key}`);
  }
  checkObject(value, schema, name);
  return value;
}

function checkObject(
  value: Fields,
  { required, additionalProperties, properties = {} }: JsonSchema,
  name: string,
): void {
  const missing = required?.find((key) => !Object.hasOwn(value, key));
  if (missing !== undefined) throw new MessageRefused(`${name} has no ${missing}`);
  if (additionalProperties !== false) return;
  const extra = Object.keys(value).find((key) => !Object.hasOwn(properties, key));
  if (extra !== undefined) throw new MessageRefused(`${name} has a field that its schema does not allow`);
}

const INT64 = 64;

/** Nussknacker keeps the lower 64 bits' largest value for a number beyond them. */
function asLong(name: string, value: Value): bigint {
  const text = value instanceof RawNumber ? value.text : typeof value === 'number' ? String(value) : '';
  if (!/^-?\d+$/.test(text)) throw new MessageRefused(`${name} is not a whole number`);
  const whole = BigInt(text);
  const kept = BigInt.asIntN(INT64, whole);
  if (kept === whole) return whole;
  const largest = 2n ** BigInt(INT64 - 1);
  return whole < 0n ? -largest : largest - 1n;
}

/** Writes compact JSON of an output value; null in a field that the schema declares is left out. */
export function messageWriter(schema: TopicSchema | undefined): (value: Fields) => string {
  const closed = schema?.additionalProperties === false;
  const declared = new Map(
    Object.keys(schema?.properties ?? {}).map((name) => [name, `${JSON.stringify(name)}:`]),
  );
  const write = (value: Fields, names: readonly string[], head: string, isFirst: boolean): string => {
    let text = head;
    let comma = isFirst ? '' : ',';
    for (const name of names) {
      const item = value[name];
      const written = declared.get(name);
      if (written === undefined ? closed : item === null || item === undefined) continue;
      text += `${comma}${written ?? `${JSON.stringify(name)}:`}${toJson(item)}`;
      comma = ',';
    }
    return `${text}}`;
  };
  return (value) => {
    const passed = closed ? undefined : passedText(value);
    if (passed !== undefined) return write(value, passed.added, passed.head, false);
    return write(value, Object.keys(value), '{', true);
  };
}

const writeRecord = messageWriter(undefined);

const SCALE_MAX = 400;

function toJson(value: Value): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (value === null || value === undefined) return 'null';
  if (value instanceof Double && !Number.isFinite(value.value))
    throw new EvaluationFailed('an infinite number cannot be written');
  if (value instanceof Decimal && Math.abs(value.scale) > SCALE_MAX) return javaText(value);
  if (
    typeof value === 'bigint' ||
    value instanceof RawNumber ||
    value instanceof Decimal ||
    value instanceof Double
  )
    return value.toString();
  if (value instanceof LocalDate) return JSON.stringify(value.text);
  if (Array.isArray(value)) return `[${value.map(toJson).join(',')}]`;
  if (isRecord(value)) return writeRecord(value);
  return JSON.stringify(value);
}

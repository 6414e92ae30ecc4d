import { isNumberText, parseExact, plain } from '@gpo/g2p-connect-schemas';
import { Decimal, Double } from './spel/numbers.js';
import { Instant, RawNumber, isRecord, type Value } from './spel/value.js';

/** JSON Schema of a topic's value, as far as both engines use it. */
export interface TopicSchema {
  properties: Readonly<Record<string, { type?: string; items?: { type?: string } }>>;
}

/** The message is not one that the source would let in; Nussknacker drops it without trace, we keep its bytes. */
export class MessageRefused extends Error {
  override readonly name = 'MessageRefused';
}

/** Reads a message as the source does: valid against the schema, integers as Long, other numbers with their own digits. */
export function readMessage(bytes: Buffer, schema: TopicSchema): Record<string, Value> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(bytes.toString('utf8'));
    if (hasForeignNumber(parsed, schema)) parsed = withRawNumbers(parseExact(bytes));
  } catch (cause) {
    throw new MessageRefused('not JSON', { cause });
  }
  if (!isRecord(parsed)) throw new MessageRefused('not a JSON object');
  for (const [name, { type, items }] of Object.entries(schema.properties)) {
    if (name in parsed) parsed[name] = declared(name, parsed[name], type, items?.type);
  }
  return parsed;
}

function declared(name: string, value: Value, type: string | undefined, itemType: string | undefined): Value {
  if (type === 'integer') return asLong(name, value);
  if (type === 'array') {
    if (!Array.isArray(value) || value.some((item) => typeof item !== itemType))
      throw new MessageRefused(`${name} is not a list of ${itemType ?? 'values'}`);
    return value;
  }
  if (type !== undefined && type !== 'object' && typeof value !== type)
    throw new MessageRefused(`${name} is not of type ${type}`);
  return value;
}

function asLong(name: string, value: Value): bigint {
  const text = value instanceof RawNumber ? value.text : typeof value === 'number' ? String(value) : '';
  if (!/^-?\d+$/.test(text)) throw new MessageRefused(`${name} is not a whole number`);
  return BigInt(text);
}

/** True where a number stands in a field that the schema does not declare: its digits must survive. */
function hasForeignNumber(value: unknown, { properties }: TopicSchema): boolean {
  if (!isRecord(value)) return false;
  for (const [name, item] of Object.entries(value)) {
    const type = properties[name]?.type;
    if (
      type === 'integer'
        ? typeof item === 'number' && !Number.isSafeInteger(item)
        : type === undefined && mayHoldNumber(item)
    )
      return true;
  }
  return false;
}

function mayHoldNumber(item: unknown): boolean {
  return typeof item === 'number' || (typeof item === 'object' && item !== null);
}

function withRawNumbers(value: unknown): Value {
  if (isNumberText(value)) return new RawNumber(plain(value));
  if (Array.isArray(value)) return value.map(withRawNumbers);
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withRawNumbers(item)]));
}

/** Compact JSON of an output value; null in a field that the schema declares is left out. */
export function writeMessage(value: Value, schema: TopicSchema | undefined): string {
  if (!isRecord(value)) return toJson(value);
  const parts: string[] = [];
  for (const [name, item] of Object.entries(value)) {
    if ((item === null || item === undefined) && schema?.properties[name] !== undefined) continue;
    parts.push(`${JSON.stringify(name)}:${toJson(item)}`);
  }
  return `{${parts.join(',')}}`;
}

function toJson(value: Value): string {
  if (value === null || value === undefined) return 'null';
  if (
    typeof value === 'bigint' ||
    value instanceof RawNumber ||
    value instanceof Decimal ||
    value instanceof Double
  )
    return value.toString();
  if (value instanceof Instant) return JSON.stringify(new Date(value.epochMilli).toISOString());
  if (Array.isArray(value)) return `[${value.map(toJson).join(',')}]`;
  if (isRecord(value)) return writeMessage(value, undefined);
  return JSON.stringify(value);
}

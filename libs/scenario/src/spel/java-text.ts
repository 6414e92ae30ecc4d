import { doubleText } from './double-text.js';
import { Decimal, Double, decimalText } from './numbers.js';
import { LocalDate, RawNumber, isRecord, unwrap, type Value } from './value.js';

/** A value as Java's toString writes it. */
export function javaText(value: Value): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'string') return value;
  if (value instanceof RawNumber) return javaText(unwrap(value));
  if (value instanceof Double) return doubleText(value.value);
  if (value instanceof Decimal) return decimalText(value);
  if (value instanceof LocalDate) return value.text;
  if (Array.isArray(value)) return `[${value.map(javaText).join(', ')}]`;
  if (isRecord(value))
    return `{${hashOrder(Object.keys(value))
      .map((key) => `${key}=${javaText(value[key])}`)
      .join(', ')}}`;
  if (typeof value === 'bigint' || typeof value === 'number' || typeof value === 'boolean')
    return String(value);
  throw new TypeError('a value of a kind that no expression yields');
}

const LOAD_FACTOR = 0.75;
const FIRST_CAPACITY = 16;

/** Keys in the order in which a java.util.HashMap walks them: Nussknacker keeps message objects in one. */
export function hashOrder(keys: readonly string[]): string[] {
  let capacity = FIRST_CAPACITY;
  while (keys.length > capacity * LOAD_FACTOR) capacity *= 2;
  const bucket = (key: string): number => {
    let hash = 0;
    for (let at = 0; at < key.length; at += 1) hash = (Math.imul(31, hash) + key.charCodeAt(at)) | 0;
    return (hash ^ (hash >>> 16)) & (capacity - 1);
  };
  return keys
    .map((key) => ({ key, at: bucket(key) }))
    .sort((a, b) => a.at - b.at)
    .map(({ key }) => key);
}

import type { JsonSchema } from './schema-types.js';
import { isNumber } from './spel/numbers.js';
import { isRecord, unwrap, type Value } from './spel/value.js';

/** Whether a value of an expression may be written into a field of this schema. */
export function fitsSchema(value: Value, schema: JsonSchema): boolean {
  switch (schema.type) {
    case 'string':
      return typeof value === 'string' && (schema.enum?.includes(value) ?? true);
    case 'integer': {
      const number = unwrap(value);
      return typeof number === 'number' || typeof number === 'bigint';
    }
    case 'number':
      return isNumber(unwrap(value));
    case 'boolean':
      return typeof value === 'boolean';
    case 'array': {
      const { items } = schema;
      return Array.isArray(value) && (items === undefined || value.every((item) => fitsSchema(item, items)));
    }
    case 'object':
      return isRecord(value);
    default:
      return true;
  }
}

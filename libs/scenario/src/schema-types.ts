import {
  BOOLEAN,
  TEXT,
  UNKNOWN,
  elementOf,
  isBoolean,
  isRecordLike,
  isText,
  listType,
  numberKinds,
  numberType,
  options,
  union,
  type Type,
} from './spel/types.js';

/** The part of JSON Schema that both engines use alike. */
export interface JsonSchema {
  type?: string;
  properties?: Readonly<Record<string, JsonSchema>>;
  items?: JsonSchema;
  additionalProperties?: boolean | JsonSchema;
  required?: readonly string[];
  enum?: readonly string[];
}

/** JSON Schema of a topic's value. */
export interface TopicSchema extends JsonSchema {
  properties: Readonly<Record<string, JsonSchema>>;
}

const KEYWORDS = new Set([
  ...['type', 'properties', 'items', 'additionalProperties', 'required', 'enum'],
  ...['$schema', '$id', 'title', 'description', 'examples', 'default'],
]);
const TYPES = new Set(['string', 'integer', 'number', 'boolean', 'array', 'object']);

/** What in a schema is not checked here as Nussknacker checks it, in words; undefined if nothing. */
export function unsupported(schema: JsonSchema, path = 'the schema'): string | undefined {
  const keyword = Object.keys(schema).find((name) => !KEYWORDS.has(name));
  if (keyword !== undefined) return `${path} uses "${keyword}"`;
  if (schema.type !== undefined && !TYPES.has(schema.type)) return `${path} has the type ${schema.type}`;
  if (schema.enum !== undefined && (schema.type !== 'string' || !schema.enum.every(isString)))
    return `${path} lists values that are not texts`;
  const inner = Object.entries(schema.properties ?? {}).map(([name, one]) =>
    unsupported(one, `the field ${name}`),
  );
  const { items, additionalProperties: more } = schema;
  return [
    ...inner,
    items === undefined ? undefined : unsupported(items, `${path}, in its list,`),
    typeof more === 'object' ? unsupported(more, `${path}, in its further fields,`) : undefined,
  ].find((one) => one !== undefined);
}

const isString = (value: unknown): boolean => typeof value === 'string';

/** The type that the Designer gives to a value of this schema. */
export function schemaType(schema: JsonSchema): Type {
  const { enum: values, properties, additionalProperties: more } = schema;
  switch (schema.type) {
    case 'string':
      return values === undefined ? TEXT : union(values.map((value) => ({ kind: 'text', value: value })));
    case 'integer':
      return numberType('Long');
    case 'number':
      return numberType('BigDecimal');
    case 'boolean':
      return BOOLEAN;
    case 'array':
      return listType(schema.items === undefined ? UNKNOWN : schemaType(schema.items));
    case 'object': {
      if (properties === undefined)
        return { kind: 'map', values: typeof more === 'object' ? schemaType(more) : UNKNOWN, ordered: true };
      const fields = Object.entries(properties).map(([name, field]) => [name, schemaType(field)] as const);
      return { kind: 'record', fields: new Map(fields), ordered: false };
    }
    default:
      return UNKNOWN;
  }
}

/** How surely a value of this type may stand in a field of this schema. */
export type Fit = 'always' | 'perhaps' | 'never';

export function fit(type: Type, schema: JsonSchema): Fit {
  const fits = options(type).map((one): Fit => {
    if (one.kind === 'null') return 'always';
    if (one.kind === 'unknown' || (one.kind === 'opaque' && one.name.includes('Constable'))) return 'perhaps';
    switch (schema.type) {
      case 'string':
        return isText(one) ? (schema.enum === undefined ? 'always' : 'perhaps') : 'never';
      case 'integer': {
        const kind = numberKinds(one)?.[0];
        return kind === 'Integer' || kind === 'Long' ? 'always' : 'never';
      }
      case 'number':
        return numberKinds(one) === undefined ? 'never' : 'always';
      case 'boolean':
        return isBoolean(one) ? 'always' : 'never';
      case 'array': {
        const element = elementOf(one);
        if (element === undefined) return 'never';
        return schema.items === undefined ? 'always' : fit(element, schema.items);
      }
      case 'object':
        return isRecordLike(one) ? 'perhaps' : 'never';
      default:
        return 'perhaps';
    }
  });
  return fits.includes('never') ? 'never' : fits.includes('perhaps') ? 'perhaps' : 'always';
}

const WORDS: Readonly<Record<string, string>> = {
  string: 'a text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a record',
};

/** The kind of value that a field wants, for messages. */
export function wanted(schema: JsonSchema): string {
  const word = WORDS[schema.type ?? ''] ?? 'a value';
  return schema.type === 'array' && schema.items !== undefined
    ? `a list, each element ${wanted(schema.items)}`
    : word;
}

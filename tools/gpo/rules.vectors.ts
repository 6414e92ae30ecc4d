import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Ajv, type ErrorObject } from 'ajv';

/** What one message must become. `set` and `key` are what differs from the input; null takes a field away. */
export type Expected =
  { topic: string; key?: string | null; set?: Record<string, unknown> } | { fails_at: string };

export interface Vector {
  name: string;
  key?: string | null;
  /** What differs from the base message; null takes a field away. */
  given?: Record<string, unknown>;
  /** The value's text as it is, for what is no message at all; instead of `given`. */
  raw?: string;
  then: Expected | Expected[];
}

export interface VectorsFile {
  about: string;
  /** The message that every vector starts from. */
  base: Record<string, unknown>;
  vectors: Vector[];
  /** Edges that no message can take, each with the reason. */
  unreachable: { node: string; edge: string; why: string }[];
}

/** The clock of every vector, in milliseconds since 1970. */
export const VECTOR_NOW = 1_800_000_000_000;

/** Most lines the test endpoint of Nussknacker takes in one call. */
export const TEST_LINES_MAX = 20;

const EXPECTED = {
  type: 'object',
  oneOf: [
    {
      required: ['topic'],
      additionalProperties: false,
      properties: {
        topic: { type: 'string' },
        key: { type: ['string', 'null'] },
        set: { type: 'object' },
      },
    },
    { required: ['fails_at'], additionalProperties: false, properties: { fails_at: { type: 'string' } } },
  ],
};

const validate = new Ajv({ allErrors: false, strict: false }).compile({
  type: 'object',
  required: ['about', 'vectors'],
  anyOf: [{ required: ['base'] }, { required: ['extends'] }],
  additionalProperties: false,
  properties: {
    about: { type: 'string' },
    extends: { type: 'string', pattern: '\\.json$' },
    base: { type: 'object' },
    unreachable: {
      type: 'array',
      items: {
        type: 'object',
        required: ['node', 'edge', 'why'],
        additionalProperties: false,
        properties: {
          node: { type: 'string' },
          edge: { type: 'string' },
          why: { type: 'string', minLength: 10 },
        },
      },
    },
    vectors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['name', 'then'],
        additionalProperties: false,
        not: { required: ['given', 'raw'] },
        properties: {
          name: { type: 'string', minLength: 1 },
          key: { type: ['string', 'null'] },
          given: { type: 'object' },
          raw: { type: 'string' },
          then: { anyOf: [EXPECTED, { type: 'array', items: EXPECTED }] },
        },
      },
    },
  },
});

interface Written extends Partial<VectorsFile> {
  vectors: Vector[];
  /** Another vectors file, by its path from this one: its base and its vectors hold here too, but for those of the same name. */
  extends?: string;
}

/** Reads a vectors file. @throws Error with one sentence that names the file and the place in it. */
export function readVectors(path: string, within: readonly string[] = []): VectorsFile {
  const file = readWritten(path);
  const names = file.vectors.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`${path}: two vectors are called "${twice}".`);
  const { about = '', base = {}, vectors, unreachable = [] } = file;
  if (file.extends === undefined) return { about, base, vectors, unreachable };
  if (within.includes(path)) throw new Error(`${path} extends itself.`);
  const parent = readVectors(join(dirname(path), file.extends), [...within, path]);
  const inherited = parent.vectors.filter(({ name }) => !names.includes(name));
  return {
    about,
    base: merged(parent.base, base),
    vectors: [...inherited, ...vectors],
    unreachable: [...parent.unreachable, ...unreachable],
  };
}

function readWritten(path: string): Written {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8').replace(/^\ufeff/, ''));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${path} cannot be read as JSON: ${reason}.`, { cause });
  }
  if (!validate(value)) throw new Error(`${path}: ${placed(value, validate.errors![0]!)}.`);
  return value;
}

function placed(value: unknown, { instancePath, message, params }: ErrorObject): string {
  const [, list, index] = instancePath.split('/');
  const entry = list === 'vectors' ? (value as VectorsFile).vectors[Number(index)] : undefined;
  const place = typeof entry?.name === 'string' ? `the vector "${entry.name}"` : instancePath || 'the file';
  const extra = (params as { additionalProperty?: string }).additionalProperty;
  const text = message === 'must NOT be valid' ? 'must not have both given and raw' : (message ?? '');
  return `${place} ${text}${extra === undefined ? '' : ` (${extra})`}; see the README beside the vectors`;
}

/** The message of a vector: key, and the bytes of the value. */
export function messageOf({ base }: VectorsFile, vector: Vector): { key: string | null; value: Buffer } {
  const key = vector.key === undefined ? 'vector' : vector.key;
  const text = vector.raw ?? JSON.stringify(merged(base, vector.given));
  return { key, value: Buffer.from(text) };
}

/** Fields of `change` over those of `base`; a null takes the field away. */
export function merged(
  base: Record<string, unknown>,
  change: Record<string, unknown> = {},
): Record<string, unknown> {
  return Object.fromEntries(Object.entries({ ...base, ...change }).filter(([, value]) => value !== null));
}

/**
 * The vectors as the test endpoint of a Nussknacker Designer takes them (`POST /api/processManagement/test/{name}`,
 * part testData), in portions of at most 20 lines. Vectors with `raw` are left out: the endpoint takes JSON values.
 */
export function nussknackerTestData(
  file: VectorsFile,
  sourceId: string,
): { names: string[]; text: string }[] {
  const vectors = file.vectors.filter(({ raw }) => raw === undefined);
  const portions: { names: string[]; text: string }[] = [];
  for (let from = 0; from < vectors.length; from += TEST_LINES_MAX) {
    const portion = vectors.slice(from, from + TEST_LINES_MAX);
    portions.push({
      names: portion.map(({ name }) => name),
      text: portion.map((vector) => `${testLine(file, vector, sourceId)}\n`).join(''),
    });
  }
  return portions;
}

function testLine(file: VectorsFile, vector: Vector, sourceId: string): string {
  const { key, value } = messageOf(file, vector);
  const consumerRecord = { key, value: JSON.parse(value.toString()) as unknown };
  return JSON.stringify({
    sourceId,
    record: { keySchemaId: null, valueSchemaId: null, consumerRecord },
  });
}

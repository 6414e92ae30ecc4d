import { readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';
import { closeAnswers, type Document } from '../attack/closed-document.js';

const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Reads a generated description. */
export function readDocument(file: string): Document {
  return JSON.parse(readFileSync(file, 'utf8')) as Document;
}

/** Holds bodies against the schemas of a description. Answers may have no field that is not described. */
export class OpenApiJudge {
  private readonly ajv = new Ajv({
    strict: false,
    allErrors: true,
    formats: { 'date-time': DATE_TIME, uuid: UUID },
  });
  private readonly compiled = new Map<string, ValidateFunction>();

  constructor(document: Document) {
    this.ajv.addSchema(asJsonSchema(closeAnswers(document)) as object, 'api');
  }

  /** What is wrong with the value; empty where it fits. */
  problems(pointer: string, value: unknown): string[] {
    const check = this.compiled.get(pointer) ?? this.ajv.compile({ $ref: `api#${pointer}` });
    this.compiled.set(pointer, check);
    if (check(value)) return [];
    return (check.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath} ${message ?? ''} ${JSON.stringify(params)}`,
    );
  }
}

/** A step of a JSON pointer into a description, as a URI fragment. */
export function step(name: string): string {
  return encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'));
}

/** `nullable` beside a reference or allOf, which JSON Schema does not know. */
function asJsonSchema(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asJsonSchema);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, below]): [string, unknown] => [key, asJsonSchema(below)]);
  const schema = Object.fromEntries(entries);
  if (schema.nullable !== true || 'type' in schema) return schema;
  return { anyOf: [{ type: 'null' }, Object.fromEntries(entries.filter(([key]) => key !== 'nullable'))] };
}

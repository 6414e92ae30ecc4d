import { reachable } from '../../apps/gateway/src/openapi/standard-surface.js';

/** An OpenAPI description, as far as it is walked here. */
export interface Document {
  paths: Record<string, Record<string, unknown>>;
  components: { schemas: Record<string, Schema> };
  [more: string]: unknown;
}

export interface Schema {
  type?: string;
  properties?: Record<string, unknown>;
  additionalProperties?: unknown;
  [more: string]: unknown;
}

/**
 * The same description with closed answers: what an answer or a callback holds beyond it is a fault. The published one
 * stays open, because clients must let later fields pass.
 */
export function closeAnswers(document: Document): Document {
  const copy = structuredClone(document);
  const asked = reachable(requestBodies(copy), copy.components.schemas);
  for (const [name, schema] of Object.entries(copy.components.schemas)) {
    if (!asked.has(name) && schema.properties !== undefined) schema.additionalProperties ??= false;
  }
  return copy;
}

/** Bodies of requests to us; a callback is a message of ours. */
function requestBodies({ paths }: Document): unknown[] {
  return Object.values(paths).flatMap((item) =>
    Object.values(item).flatMap((operation) =>
      typeof operation === 'object' && operation !== null && 'requestBody' in operation
        ? [operation.requestBody]
        : [],
    ),
  );
}

/** A record as a handler gets it. `topic` is the logical name (without the installation's prefix). */
export interface InRecord {
  topic: string;
  partition: number;
  offset: string;
  key: string | null;
  value: Buffer | null;
  headers: Record<string, string>;
}

/** A record to be produced. Nussknacker passes no headers on, so nothing that matters may live there. */
export interface OutRecord {
  key: string | null;
  value: string | Buffer;
  headers?: Record<string, string>;
}

/** The record's bytes are not one JSON object; it belongs in the dead-letter topic. */
export class UnreadableRecord extends Error {
  override readonly name = 'UnreadableRecord';
}

/**
 * @throws UnreadableRecord when the value is empty, not UTF-8 JSON, not an object, or holds what PostgreSQL cannot
 * store (NUL, half a surrogate pair, nesting without end): such a record would fail its whole batch for ever.
 */
export function parseObject(record: InRecord): Record<string, unknown> {
  if (record.value === null) throw new UnreadableRecord('the record has no value');
  if (record.key?.includes('\0') === true) throw new UnreadableRecord('the key holds the character NUL');
  const text = record.value.toString('utf8');
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new UnreadableRecord('the value is not JSON', { cause });
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new UnreadableRecord('the value is not a JSON object');
  }
  // The texts can only come in as escapes, so most records are not walked.
  if (SUSPICIOUS.test(text) && !isStorable(parsed, 0))
    throw new UnreadableRecord('the value holds NUL, half a surrogate pair or too deep nesting');
  return parsed as Record<string, unknown>;
}

const DEPTH_MAX = 64;
const SUSPICIOUS = /\\u(?:0000|[dD][89a-fA-F])|^(?:[^[{]*[[{]){65}/;

function isStorable(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return !value.includes('\0') && !/\p{Surrogate}/u.test(value);
  if (typeof value !== 'object' || value === null) return true;
  if (depth > DEPTH_MAX) return false;
  return Object.entries(value).every(([key, item]) => isStorable(key, depth) && isStorable(item, depth + 1));
}

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

const NUL = '\u0000';
const ESCAPED_NUL = Buffer.from('\\u0000');

/**
 * @throws UnreadableRecord when the value is empty, not UTF-8 JSON, or not an object; also where key or value hold the
 * character NUL, which PostgreSQL cannot store: one such record would bring its batch back for ever.
 */
export function parseObject(record: InRecord): Record<string, unknown> {
  if (record.value === null) throw new UnreadableRecord('the record has no value');
  if (record.key?.includes(NUL) === true) throw new UnreadableRecord('the key holds the character NUL');
  let parsed: unknown;
  try {
    parsed = JSON.parse(record.value.toString('utf8'));
  } catch (cause) {
    throw new UnreadableRecord('the value is not JSON', { cause });
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new UnreadableRecord('the value is not a JSON object');
  }
  if (record.value.includes(ESCAPED_NUL) && holdsNul(parsed)) {
    throw new UnreadableRecord('the value holds the character NUL');
  }
  return parsed as Record<string, unknown>;
}

function holdsNul(value: unknown): boolean {
  if (typeof value === 'string') return value.includes(NUL);
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([name, item]) => name.includes(NUL) || holdsNul(item));
}

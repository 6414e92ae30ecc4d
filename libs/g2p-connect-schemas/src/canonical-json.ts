import { isNumberText } from './exact-json.js';
import { Slices } from './slices.js';

/** How a signer wrote the JSON that it signed. */
export interface CanonicalForm {
  /** Keys in the order of their UTF-8 bytes; else as they stand. */
  sorted: boolean;
  /** Everything outside ASCII as \uxxxx, as Python's json.dumps does by default; else as UTF-8, as orjson does. */
  ascii: boolean;
}

/** Levels within which a pause is possible; what lies deeper is small. */
const PAUSES_TO_DEPTH = 3;

/**
 * Compact JSON of a value that parseExact read. Numbers keep the digits they were sent with: a signer's 1000.0 is not
 * 1000. Pauses between elements, so that a large message stalls nobody.
 */
export async function canonicalJson(value: unknown, form: CanonicalForm): Promise<string> {
  return writeInSlices(value, form, new Slices(), 0);
}

async function writeInSlices(
  value: unknown,
  form: CanonicalForm,
  slices: Slices,
  depth: number,
): Promise<string> {
  if (depth === PAUSES_TO_DEPTH || typeof value !== 'object' || value === null || isNumberText(value))
    return write(value, form);
  const parts: string[] = [];
  if (Array.isArray(value)) {
    for (const item of value as unknown[]) {
      if (slices.isOver) await slices.rest();
      parts.push(await writeInSlices(item, form, slices, depth + 1));
    }
    return `[${parts.join(',')}]`;
  }
  for (const [key, item] of entriesOf(value, form)) {
    if (slices.isOver) await slices.rest();
    parts.push(`${text(key, form)}:${await writeInSlices(item, form, slices, depth + 1)}`);
  }
  return `{${parts.join(',')}}`;
}

function write(value: unknown, form: CanonicalForm): string {
  if (isNumberText(value)) return value.text;
  if (typeof value === 'string') return text(value, form);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => write(item, form)).join(',')}]`;
  return `{${entriesOf(value, form)
    .map(([key, item]) => `${text(key, form)}:${write(item, form)}`)
    .join(',')}}`;
}

function entriesOf(value: object, { sorted }: CanonicalForm): [string, unknown][] {
  const entries = Object.entries(value) as [string, unknown][];
  return sorted ? entries.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))) : entries;
}

const OUTSIDE_ASCII = /[\u007f-\uffff]/g;

function text(value: string, { ascii }: CanonicalForm): string {
  const json = JSON.stringify(value);
  return ascii ? json.replace(OUTSIDE_ASCII, escaped) : json;
}

function escaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

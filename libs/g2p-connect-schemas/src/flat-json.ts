import { NumberText } from './number-text.js';

const NUMBER_OF_KEY = /[ \t\r\n]*:[ \t\r\n]*(-?[0-9.eE+-]+)/y;

/**
 * What nearly every line and record is: one object of texts, numbers and words, without a backslash. The engine's own
 * parser reads it in a tenth of the time. It keeps the last of two equal keys and makes floats, so quotation marks are
 * counted (a key too many shows), and numbers are taken from the text again.
 * @returns undefined for anything else, good or bad: the reader decides.
 */
export function parseFlat(text: string, depthMax: number): Record<string, unknown> | undefined {
  if (depthMax < 1 || text[0] !== '{' || text.includes('\\')) return undefined;
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  const keys = Object.keys(value);
  let quotes = 0;
  for (const key of keys) {
    const field = value[key];
    if (key === '__proto__' || (typeof field === 'object' && field !== null)) return undefined;
    quotes += typeof field === 'string' ? 4 : 2;
  }
  if (quotes !== quotesIn(text)) return undefined;
  for (const key of keys) if (typeof value[key] === 'number') value[key] = numberAt(text, key);
  return value;
}

function quotesIn(text: string): number {
  let count = 0;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) count += 1;
  return count;
}

/** The number under this key, as it was written. A text of the same letters is followed by no colon. */
function numberAt(text: string, key: string): NumberText | undefined {
  const quoted = `"${key}"`;
  for (let at = text.indexOf(quoted); at >= 0; at = text.indexOf(quoted, at + 1)) {
    NUMBER_OF_KEY.lastIndex = at + quoted.length;
    const found = NUMBER_OF_KEY.exec(text);
    if (found !== null) return new NumberText(found[1]!);
  }
  return undefined;
}

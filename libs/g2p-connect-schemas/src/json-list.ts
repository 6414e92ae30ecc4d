import { BadJson, parseExact } from './exact-json.js';
import { Slices } from './slices.js';

/**
 * Finds the elements of one list in the bytes of a JSON document without reading them, so that a long list can be read
 * element by element. Nothing here checks JSON: whoever cuts reads what was cut, and what is left, with parseExact.
 */
export interface FoundList {
  /** Name of the list. */
  name: string;
  /** First byte after its opening bracket. */
  from: number;
}

const [QUOTE, BACKSLASH, COLON, COMMA] = [0x22, 0x5c, 0x3a, 0x2c];
const [LIST, LIST_END, OBJECT, OBJECT_END] = [0x5b, 0x5d, 0x7b, 0x7d];
const [SPACE, TAB, NEWLINE, RETURN] = [0x20, 0x09, 0x0a, 0x0d];

/**
 * The first list that stands at `parent.<one of names>` of the document.
 * @param bytes the beginning of the document, at least as far as the list.
 * @returns undefined where there is none in these bytes.
 */
export function findList(bytes: Buffer, parent: string, names: readonly string[]): FoundList | undefined {
  const keys: string[] = ['', '', ''];
  let depth = 0;
  let text: string | undefined;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at]!;
    if (byte === QUOTE) {
      const end = stringEnd(bytes, at);
      if (end < 0) return undefined;
      text = depth === 1 || depth === 2 ? textOf(bytes.subarray(at, end)) : undefined;
      at = end - 1;
    } else if (byte === COLON && depth <= 2) keys[depth] = text ?? '';
    else if (byte === OBJECT) depth += 1;
    else if (byte === LIST) {
      if (depth === 2 && keys[1] === parent && names.includes(keys[2]!))
        return { name: keys[2]!, from: at + 1 };
      depth += 1;
    } else if (byte === OBJECT_END || byte === LIST_END) depth -= 1;
  }
  return undefined;
}

/** An element of the list; its end; or `more` where these bytes end before either is whole. */
export type NextItem =
  { kind: 'item'; start: number; end: number } | { kind: 'end'; at: number } | { kind: 'more' };

const MORE: NextItem = { kind: 'more' };

/**
 * The next element of a list.
 * @param from the byte after the opening bracket, or after the element before.
 * @param first true after the opening bracket.
 * @throws BadJson where no element, comma or closing bracket can stand.
 */
export function nextItem(bytes: Buffer, from: number, first: boolean): NextItem {
  let at = skipSpace(bytes, from);
  if (at >= bytes.length) return MORE;
  if (bytes[at] === LIST_END) return { kind: 'end', at };
  if (!first) {
    if (bytes[at] !== COMMA) throw new BadJson('The body is not valid JSON.');
    at = skipSpace(bytes, at + 1);
    if (at >= bytes.length) return MORE;
  }
  const end = valueEnd(bytes, at);
  return end < 0 ? MORE : { kind: 'item', start: at, end };
}

function skipSpace(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length) {
    const byte = bytes[at]!;
    if (byte !== SPACE && byte !== NEWLINE && byte !== RETURN && byte !== TAB) break;
    at += 1;
  }
  return at;
}

/** The byte after the value that begins here; -1 where it is not whole. */
function valueEnd(bytes: Buffer, start: number): number {
  const byte = bytes[start]!;
  if (byte === QUOTE) return stringEnd(bytes, start);
  if (byte === OBJECT || byte === LIST) return containerEnd(bytes, start);
  // A number or a word; its characters are checked by whoever reads it. A byte order mark must not pass as its beginning.
  if (byte > 0x7f) throw new BadJson('The body is not valid JSON.');
  let at = start;
  while (at < bytes.length && !endsWord(bytes[at]!)) at += 1;
  if (at === start) throw new BadJson('The body is not valid JSON.');
  return at < bytes.length ? at : -1;
}

function endsWord(byte: number): boolean {
  return byte === COMMA || byte === LIST_END || byte <= SPACE;
}

function stringEnd(bytes: Buffer, start: number): number {
  for (let at = start + 1; at < bytes.length; at += 1) {
    const byte = bytes[at]!;
    if (byte === BACKSLASH) at += 1;
    else if (byte === QUOTE) return at + 1;
  }
  return -1;
}

// Brackets are only counted: a wrong one makes an element that cannot be read.
function containerEnd(bytes: Buffer, start: number): number {
  let depth = 0;
  for (let at = start; at < bytes.length; at += 1) {
    const byte = bytes[at]!;
    if (byte === QUOTE) {
      const end = stringEnd(bytes, at);
      if (end < 0) return -1;
      at = end - 1;
    } else if (byte === OBJECT || byte === LIST) depth += 1;
    else if (byte === OBJECT_END || byte === LIST_END) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return -1;
}

/** A document whose list was cut out: read without it, and where each element lies. */
export interface CutDocument {
  /** Name of the list, which is empty in the value. */
  name: string;
  value: unknown;
  /** Start and end of each element in turn. */
  bounds: number[];
}

const OUTSIDE_BYTES_MAX = 262_144;
const ITEM_BYTES_MAX = 1_048_576;
const ITEMS_PER_LOOK = 64;

/**
 * Cuts a list out of a whole document in slices; the elements are still to be read, each with parseExact.
 * @param max stops looking for elements after one more than these.
 * @returns undefined where the document is not of the usual form (no list near its beginning, much around it, an
 * element of more than a megabyte), so that it must be read as a whole.
 * @throws BadJson
 */
export async function cutListInSlices(
  bytes: Buffer,
  parent: string,
  names: readonly string[],
  max: number,
): Promise<CutDocument | undefined> {
  const found = findList(bytes.subarray(0, OUTSIDE_BYTES_MAX), parent, names);
  if (found === undefined) return undefined;
  const bounds: number[] = [];
  const slices = new Slices();
  let at = found.from;
  for (let count = 0; count <= max; count += 1) {
    const next = nextItem(bytes.subarray(0, at + ITEM_BYTES_MAX), at, count === 0);
    if (next.kind === 'more') return undefined;
    if (next.kind === 'end') {
      if (bytes.length - next.at > OUTSIDE_BYTES_MAX) return undefined;
      const outside = Buffer.concat([bytes.subarray(0, found.from), bytes.subarray(next.at)]);
      return { name: found.name, value: parseExact(outside), bounds };
    }
    bounds.push(next.start, next.end);
    at = next.end;
    if (count % ITEMS_PER_LOOK === 0 && slices.isOver) await slices.rest();
  }
  return { name: found.name, value: undefined, bounds };
}

/** A key as it is meant; text that is no JSON is no key that is looked for. */
function textOf(quoted: Buffer): string | undefined {
  try {
    return JSON.parse(quoted.toString('utf8')) as string;
  } catch {
    return undefined;
  }
}

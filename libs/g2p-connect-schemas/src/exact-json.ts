import { isAscii } from 'node:buffer';
import { parseFlat } from './flat-json.js';
import { NumberText } from './number-text.js';
import { Slices } from './slices.js';

export { NumberText, isNumberText, plain } from './number-text.js';

/** The body is not JSON that this API takes. The message is public and holds no input. */
export class BadJson extends Error {
  override readonly name = 'BadJson';
}

/** Levels of a whole document. */
export const DEPTH_MAX = 64;
const TOKENS_PER_SLICE = 4096;

/**
 * Parses JSON so that no number ever becomes a float: numbers arrive as NumberText. Pauses between tokens, so that a
 * large body stalls nobody.
 * @throws BadJson for anything that is not well-formed UTF-8 JSON, and for repeated keys, the key __proto__, the
 * character NUL, half surrogate pairs and depth over 64: readers differ in what they make of those.
 */
export async function parseExactInSlices(body: Buffer): Promise<unknown> {
  const reader = new Reader(await decodeInSlices(body));
  const slices = new Slices();
  while (!reader.advance(TOKENS_PER_SLICE)) if (slices.isOver) await slices.rest();
  return reader.value;
}

/**
 * The same for small documents, at once; records of Kafka too.
 * @param depthMax levels; fewer where the text is a part of a document.
 */
export function parseExact(body: Buffer, depthMax = DEPTH_MAX): unknown {
  const text = isAscii(body) ? body.toString('latin1') : decode(body, WHOLE_TEXTS);
  return parseFlat(text, depthMax) ?? parseText(text, depthMax);
}

function parseText(text: string, depthMax: number): unknown {
  const reader = new Reader(text, depthMax);
  reader.advance(Number.MAX_SAFE_INTEGER);
  return reader.value;
}

// One megabyte takes about 10 ms; a body of 64 MB at once would stall everybody for more than half a second.
const DECODED_AT_ONCE = 1_048_576;

async function decodeInSlices(body: Buffer): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const parts: string[] = [];
  const slices = new Slices();
  for (let from = 0; from < body.length; from += DECODED_AT_ONCE) {
    const until = from + DECODED_AT_ONCE;
    parts.push(decode(body.subarray(from, until), decoder, until < body.length));
    if (until < body.length) await slices.rest();
  }
  return parts.join('');
}

// Has no memory as long as it is given whole texts only; making one costs more than reading a line.
const WHOLE_TEXTS = new TextDecoder('utf-8', { fatal: true });

function decode(body: Buffer, decoder: InstanceType<typeof TextDecoder>, more = false): string {
  try {
    return decoder.decode(body, { stream: more });
  } catch (cause) {
    throw new BadJson('The body is not valid UTF-8.', { cause });
  }
}

type Container = unknown[] | Record<string, unknown>;
/** What may come next. The `first` ones also take the closing bracket of an empty container. */
type Expected = 'value' | 'first value' | 'key' | 'first key' | 'separator' | 'end';

// Sticky patterns run in the engine's own code, several times faster than a loop over characters.
const SPACE = /[ \t\r\n]*/y;
const PLAIN_TEXT = /[^"\\\u0000-\u001f]*/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const COLON = /[ \t\r\n]*:/y;
// UTF-8 decoding lets no half pair through, so only escapes can make one.
const HALF_PAIR = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;
const LITERALS: readonly (readonly [string, unknown])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
];

/** Reads tokens one after the other into the value; can stop after any of them. */
class Reader {
  value: unknown;
  private at = 0;
  private expected: Expected = 'value';
  private readonly open: Container[] = [];
  private readonly keys: string[] = [];

  constructor(
    private readonly text: string,
    private readonly depthMax = DEPTH_MAX,
  ) {}

  /** Takes up to `tokens` tokens. @returns true at the end of the text. */
  advance(tokens: number): boolean {
    for (let taken = 0; taken < tokens; taken += 1) {
      if (this.text.charCodeAt(this.at) <= 0x20) this.match(SPACE);
      if (this.at >= this.text.length) {
        if (this.expected === 'end') return true;
        throw new BadJson('The body ends in the middle of the JSON.');
      }
      this.token(this.text[this.at]!);
    }
    return false;
  }

  private token(character: string): void {
    switch (this.expected) {
      case 'first key':
        if (character === '}') return this.close();
        return this.key();
      case 'key':
        return this.key();
      case 'separator':
        return this.separator(character);
      case 'first value':
        if (character === ']') return this.close();
        return this.take(character);
      case 'value':
        return this.take(character);
      case 'end':
        throw new BadJson('Something follows after the end of the JSON.');
    }
  }

  private take(character: string): void {
    if (character === '"') this.put(this.string());
    else if (character === '{') this.begin({}, 'first key');
    else if (character === '[') this.begin([], 'first value');
    else if (character === '-' || (character >= '0' && character <= '9'))
      this.put(new NumberText(this.match(NUMBER)));
    else this.put(this.literal());
  }

  private begin(container: Container, next: Expected): void {
    if (this.open.length >= this.depthMax)
      throw new BadJson(`The JSON is nested deeper than ${DEPTH_MAX} levels.`);
    this.at += 1;
    this.put(container);
    this.open.push(container);
    this.keys.push('');
    this.expected = next;
  }

  private close(): void {
    this.at += 1;
    this.open.pop();
    this.keys.pop();
    this.expected = this.open.length === 0 ? 'end' : 'separator';
  }

  private separator(character: string): void {
    const inList = Array.isArray(this.open.at(-1));
    if (character === ',') {
      this.at += 1;
      this.expected = inList ? 'value' : 'key';
    } else if (character === (inList ? ']' : '}')) this.close();
    else throw new BadJson('The body is not valid JSON.');
  }

  private key(): void {
    if (this.text[this.at] !== '"') throw new BadJson('The body is not valid JSON.');
    const key = this.string();
    if (key === '__proto__') throw new BadJson('The key __proto__ is not allowed.');
    if (Object.hasOwn(this.open.at(-1)!, key))
      throw new BadJson('The JSON names the same key twice in one object.');
    this.match(COLON);
    this.keys[this.keys.length - 1] = key;
    this.expected = 'value';
  }

  private put(value: unknown): void {
    const container = this.open.at(-1);
    this.expected = 'separator';
    if (Array.isArray(container)) container.push(value);
    else if (container !== undefined) container[this.keys.at(-1)!] = value;
    else {
      this.value = value;
      this.expected = 'end';
    }
  }

  private string(): string {
    const start = this.at;
    this.at += 1;
    const text = this.match(PLAIN_TEXT);
    if (this.text[this.at] === '"') {
      this.at += 1;
      return text;
    }
    this.at = start;
    const value = JSON.parse(this.match(STRING)) as string;
    if (value.includes('\u0000')) throw new BadJson('The text holds the character NUL.');
    if (HALF_PAIR.test(value)) throw new BadJson('The text holds half of a surrogate pair.');
    return value;
  }

  private literal(): unknown {
    for (const [word, value] of LITERALS) {
      if (!this.text.startsWith(word, this.at)) continue;
      this.at += word.length;
      return value;
    }
    throw new BadJson('The body is not valid JSON.');
  }

  private match(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found === null) throw new BadJson('The body is not valid JSON.');
    this.at = pattern.lastIndex;
    return found[0];
  }
}

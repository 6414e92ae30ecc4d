/** The body is not JSON that this API takes. The message is public and holds no input. */
export class BadJson extends Error {
  override readonly name = 'BadJson';
}

/**
 * First character of a text that was a JSON number. A private-use character, refused in real strings, so that no
 * sender can make text look like a number.
 */
const NUMBER_MARK = '\uf8ff';
const DEPTH_MAX = 64;
const SLICE_MS = 20;
const CHECK_EVERY = 16_384;

/** True for a value that was a number in the source. */
export function isNumberText(value: unknown): value is string {
  return typeof value === 'string' && value.charCodeAt(0) === 0xf8ff;
}

/** The number's source text. */
export function plain(text: string): string {
  return text.charCodeAt(0) === 0xf8ff ? text.slice(1) : text;
}

/**
 * Parses JSON so that no number ever becomes a float: numbers arrive as marked text (isNumberText, plain). The
 * elements of the top message's long arrays are parsed one by one with pauses, so that a large body stalls nobody.
 * @throws BadJson for anything that is not well-formed UTF-8 JSON, and for NUL, lone surrogates, __proto__ keys and depth over 64.
 */
export async function parseExactInSlices(body: Buffer): Promise<unknown> {
  const text = decode(body);
  const scanner = new Scanner(text);
  let since = performance.now();
  for (;;) {
    if (scanner.advance(CHECK_EVERY)) break;
    if (performance.now() - since > SLICE_MS) {
      await new Promise((resolve) => setImmediate(resolve));
      since = performance.now();
    }
  }
  return assemble(scanner);
}

async function assemble(scanner: Scanner): Promise<unknown> {
  const lists: unknown[][] = [];
  let since = performance.now();
  for (const pieces of scanner.lists) {
    const list: unknown[] = [];
    for (const piece of pieces) {
      list.push(parse(piece));
      if (list.length % 256 === 0 && performance.now() - since > SLICE_MS) {
        await new Promise((resolve) => setImmediate(resolve));
        since = performance.now();
      }
    }
    lists.push(list);
  }
  return restore(parse(scanner.rest), lists);
}

/** The same for small documents, at once. */
export function parseExact(body: Buffer): unknown {
  const scanner = new Scanner(decode(body));
  while (!scanner.advance(Number.MAX_SAFE_INTEGER)) continue;
  return restore(
    parse(scanner.rest),
    scanner.lists.map((pieces) => pieces.map(parse)),
  );
}

function decode(body: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch (cause) {
    throw new BadJson('The body is not valid UTF-8.', { cause });
  }
}

function parse(piece: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(piece);
  } catch (cause) {
    throw new BadJson('The body is not valid JSON.', { cause });
  }
  return value;
}

const LIST_MARK = `${NUMBER_MARK}${NUMBER_MARK}`;

/** Puts the separately parsed lists back where their marks stand. */
function restore(value: unknown, lists: readonly unknown[][]): unknown {
  if (typeof value === 'string' && value.startsWith(LIST_MARK)) return lists[Number(value.slice(2))];
  if (Array.isArray(value)) return value.map((item) => restore(item, lists));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, restore(item, lists)]));
}

// Sticky patterns run in the engine's own code, several times faster than a loop over characters.
const STRING = /"(?:[^"\\\u0000-\u001f\uf8ff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const BETWEEN = /[ \t\r\n:]+|true|false|null/y;
const ESCAPED = /\\u(0000|f8ff|[dD][89a-fA-F][0-9a-fA-F]{2})/i;
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

/** Walks the text once: quotes and marks numbers, and cuts the elements of arrays at depth 2 (message.*) out. */
class Scanner {
  /** The document with each cut-out list replaced by its mark; valid after the walk. */
  rest = '';
  readonly lists: string[][] = [];
  private at = 0;
  private readonly stack: string[] = [];
  private out: string[] = [];
  private cut: string[] | undefined;
  private outside: string[] = [];

  constructor(private readonly text: string) {
    if (text.charCodeAt(0) === 0xfeff) this.at = 1;
  }

  /** Takes up to `tokens` tokens. @returns true at the end of the text. */
  advance(tokens: number): boolean {
    for (let taken = 0; taken < tokens; taken += 1) {
      if (this.at >= this.text.length) {
        if (this.stack.length > 0) throw new BadJson('The body ends in the middle of the JSON.');
        this.rest = this.out.join('');
        return true;
      }
      this.token();
    }
    return false;
  }

  private token(): void {
    const character = this.text[this.at]!;
    if (character === '"') this.emit(this.checked(this.match(STRING)));
    else if (character === '-' || (character >= '0' && character <= '9'))
      this.emit(`"${NUMBER_MARK}${this.match(NUMBER)}"`);
    else if (character === '{' || character === '[') this.open(character);
    else if (character === '}' || character === ']') this.close(character);
    else if (character === ',') this.comma();
    else this.emit(this.match(BETWEEN));
  }

  private open(character: string): void {
    this.stack.push(character);
    if (this.stack.length > DEPTH_MAX)
      throw new BadJson(`The JSON is nested deeper than ${DEPTH_MAX} levels.`);
    this.at += 1;
    if (character === '[' && this.stack.length === 3 && this.cut === undefined) {
      this.outside = this.out;
      this.out = [];
      this.cut = [];
    } else this.out.push(character);
  }

  private close(character: string): void {
    const opened = this.stack.pop();
    if (opened !== (character === '}' ? '{' : '['))
      throw new BadJson('The brackets of the JSON do not match.');
    this.at += 1;
    if (this.cut !== undefined && this.stack.length === 2 && character === ']') this.endList();
    else this.out.push(character);
  }

  private comma(): void {
    this.at += 1;
    if (this.cut === undefined || this.stack.length !== 3) {
      this.out.push(',');
      return;
    }
    this.cut.push(this.out.join(''));
    this.out = [];
  }

  private endList(): void {
    const last = this.out.join('');
    if (last.trim() !== '' || this.cut!.length > 0) this.cut!.push(last);
    this.out = this.outside;
    this.out.push(`"${LIST_MARK}${this.lists.length}"`);
    this.lists.push(this.cut!);
    this.cut = undefined;
  }

  private emit(piece: string): void {
    this.out.push(piece);
  }

  private match(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found === null) throw new BadJson('The body is not valid JSON.');
    this.at = pattern.lastIndex;
    return found[0];
  }

  private checked(string: string): string {
    if (string === '"__proto__"') throw new BadJson('The key __proto__ is not allowed.');
    if (string.includes('\\u') && ESCAPED.test(string)) checkEscapes(string);
    if (LONE_SURROGATE.test(string)) throw new BadJson('The text holds half of a surrogate pair.');
    return string;
  }
}

function checkEscapes(string: string): void {
  let value: string;
  try {
    value = JSON.parse(string) as string;
  } catch (cause) {
    throw new BadJson('The body is not valid JSON.', { cause });
  }
  if (value.includes('\u0000')) throw new BadJson('The text holds the character NUL.');
  if (value.includes(NUMBER_MARK)) throw new BadJson('The text holds the private-use character U+F8FF.');
  if (LONE_SURROGATE.test(value)) throw new BadJson('The text holds half of a surrogate pair.');
}

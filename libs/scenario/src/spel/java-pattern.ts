import { EvaluationFailed, ExpressionRefused } from './expression-error.js';

const SPACE = String.raw`\t\n\v\f\r `;
const CLASSES: Readonly<Record<string, string>> = {
  d: '0-9',
  w: 'A-Za-z0-9_',
  s: SPACE,
};
const CONTROL: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' };

/** Java's $ also stands before a line end that is the last thing in the text. */
const END = String.raw`(?:$|(?=\r\n$)|(?<!\r)(?=\n$)|(?=[\r\u0085\u2028\u2029]$))`;

class PatternUnsupported extends Error {
  override readonly name = 'PatternUnsupported';
}

const refuse = (message: string): never => {
  throw new PatternUnsupported(message);
};

/** One character that stands for itself, in a JS pattern with the flag u. */
function literal(character: string): string {
  return /[\^$\\.*+?()[\]{}|/-]/.test(character)
    ? character === '-'
      ? String.raw`\x2d`
      : `\\${character}`
    : character;
}

/**
 * Rewrites a Java pattern into a JS one that matches the same texts.
 * Taken: characters, escapes, `. ^ $ [] () (?:) | ? * + {n,m}`, each also lazy. What the two languages read differently is refused.
 */
class Translator {
  private at = 0;
  private readonly source: string[];

  constructor(source: string) {
    // Whole characters: a pattern counts an emoji as one.
    this.source = Array.from(source);
  }

  whole(): string {
    const result = this.alternatives();
    if (this.at < this.source.length) refuse('a bracket ")" has no beginning');
    return result;
  }

  private alternatives(): string {
    let result = '';
    while (this.at < this.source.length && this.peek() !== ')') {
      if (this.accept('|')) result += '|';
      else result += this.repeated();
    }
    return result;
  }

  private repeated(): string {
    const atom = this.atom();
    const quantifier = this.quantifier();
    if (quantifier === '') return atom;
    if (this.peek() === '+') refuse('a "+" behind a repetition is not run here; leave it out');
    const lazy = this.accept('?') ? '?' : '';
    if (this.quantifier() !== '') refuse('a repetition cannot be repeated; put it in brackets');
    return `${atom}${quantifier}${lazy}`;
  }

  private quantifier(): string {
    const sign = this.peek();
    if (sign === '*' || sign === '+' || sign === '?') {
      this.at += 1;
      return sign;
    }
    if (sign !== '{') return '';
    const match = /^\{(\d{1,4})(,(\d{1,4})?)?\}/.exec(this.source.slice(this.at, this.at + 12).join(''));
    if (match === null)
      return refuse('"{" must be followed by a number such as {2} or {2,5}; write \\{ for the sign');
    if (match[3] !== undefined && Number(match[3]) < Number(match[1]))
      refuse('the repetition is upside down');
    this.at += match[0].length;
    return match[0];
  }

  private atom(): string {
    const character = this.next();
    switch (character) {
      case '.':
        return String.raw`[^\n\r\u0085\u2028\u2029]`;
      case '(':
        return this.group();
      case '[':
        return this.set();
      case '\\':
        return this.escape();
      case '^':
        return '(?:^)';
      case '$':
        return END;
      case '*':
      case '+':
      case '?':
      case '{':
        return refuse(`"${character}" has nothing to repeat`);
      default:
        return literal(character);
    }
  }

  private group(): string {
    let opener = '(';
    if (this.accept('?')) {
      if (!this.accept(':')) refuse('only plain brackets ( ) and (?: ) are run here');
      opener = '(?:';
    }
    const inner = this.alternatives();
    if (!this.accept(')')) refuse('a bracket ")" is missing');
    return `${opener}${inner})`;
  }

  private set(): string {
    const negated = this.accept('^');
    let result = '';
    if (this.peek() === ']') refuse('a set [ ] must not be empty; write \\] for the sign');
    while (this.peek() !== ']') {
      const from = this.setMember();
      if (this.peek() !== '-' || this.source[this.at + 1] === ']') {
        result += from.text;
        continue;
      }
      this.at += 1;
      const to = this.setMember();
      if (!from.single || !to.single || from.code > to.code) refuse('a range in [ ] is not valid');
      result += `${from.text}-${to.text}`;
    }
    this.at += 1;
    return `[${negated ? '^' : ''}${result}]`;
  }

  private setMember(): { text: string; single: boolean; code: number } {
    const character = this.next();
    if (character === '[') refuse('a set inside a set is not run here; write \\[ for the sign');
    if (character === '^') refuse('write \\^ for the sign ^ inside [ ]');
    if (character === '&' && this.peek() === '&') refuse('"&&" inside [ ] is not run here');
    if (character !== '\\')
      return { text: literal(character), single: true, code: character.codePointAt(0)! };
    const escaped = this.next();
    if (escaped in CLASSES) return { text: CLASSES[escaped]!, single: false, code: 0 };
    const plain = this.escapedCharacter(escaped);
    return { text: literal(plain), single: true, code: plain.codePointAt(0)! };
  }

  private escape(): string {
    const character = this.next();
    if (character in CLASSES) return `[${CLASSES[character]!}]`;
    if (character.toLowerCase() in CLASSES) return `[^${CLASSES[character.toLowerCase()]!}]`;
    return literal(this.escapedCharacter(character));
  }

  private escapedCharacter(character: string): string {
    if (character in CONTROL) return CONTROL[character]!;
    if (/[A-Za-z0-9]/.test(character)) refuse(`"\\${character}" is not run here`);
    return character;
  }

  private peek(): string | undefined {
    return this.source[this.at];
  }

  private next(): string {
    const character = this.source[this.at] ?? refuse('the pattern ends too early');
    this.at += 1;
    return character;
  }

  private accept(character: string): boolean {
    if (this.source[this.at] !== character) return false;
    this.at += 1;
    return true;
  }
}

/** Nussknacker refuses longer patterns on every message. */
const LENGTH_MAX = 256;

/** @throws ExpressionRefused when a pattern in the expression is not one that both engines read alike. */
export function checkPattern(source: string, at: number): void {
  if (source.length > LENGTH_MAX)
    throw new ExpressionRefused(
      `a pattern may have at most ${LENGTH_MAX} characters; split the rule in two`,
      at,
    );
  try {
    translate(source);
  } catch (cause) {
    if (!(cause instanceof PatternUnsupported)) throw cause;
    throw new ExpressionRefused(`the pattern '${source}' cannot be used: ${cause.message}`, at);
  }
}

function translate(source: string): string {
  return new Translator(source).whole();
}

/** Patterns that arrive in messages are many; the oldest are forgotten. */
const CACHE_MAX = 1000;
const cache = new Map<string, RegExp>();

/** @throws EvaluationFailed for a pattern that is not valid, too long, or not read alike by both engines. */
export function javaPattern(source: string, use: 'whole' | 'find'): RegExp {
  const key = `${use}:${source}`;
  let pattern = cache.get(key);
  if (pattern !== undefined) return pattern;
  if (source.length > LENGTH_MAX && use === 'whole')
    throw new EvaluationFailed(`a pattern may have ${LENGTH_MAX} characters`);
  try {
    const inner = translate(source);
    pattern = use === 'whole' ? new RegExp(`^(?:${inner})$`, 'u') : new RegExp(inner, 'gu');
  } catch (cause) {
    throw new EvaluationFailed(`the pattern cannot be used: ${(cause as Error).message}`, { cause });
  }
  if (cache.size >= CACHE_MAX) cache.clear();
  cache.set(key, pattern);
  return pattern;
}

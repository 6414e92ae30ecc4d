import type { BinaryOperator, Node } from './ast.js';
import { ExpressionRefused } from './expression-error.js';
import { tokenize, type Token } from './lexer.js';
import { numberLiteral } from './number-literal.js';

const COMPARISONS: Readonly<Record<string, BinaryOperator>> = {
  '==': 'eq',
  eq: 'eq',
  '!=': 'ne',
  ne: 'ne',
  '<': 'lt',
  lt: 'lt',
  '<=': 'le',
  le: 'le',
  '>': 'gt',
  gt: 'gt',
  '>=': 'ge',
  ge: 'ge',
  matches: 'matches',
  between: 'between',
};

/** Words that Spring does not read as names at the start of a part. */
const KEPT_WORDS = /^(?:T|new|true|false|null)$/i;
const ITERATIONS = /^\??\.[?^$!]\[$/;

/** Parses the subset of SpEL that both engines run alike. @throws ExpressionRefused with position and what is wrong. */
export function parseExpression(source: string): Node {
  const parser = new Parser(tokenize(source));
  return parser.whole();
}

class Parser {
  private index = 0;

  constructor(private readonly tokens: readonly Token[]) {}

  whole(): Node {
    const node = this.ternary();
    const rest = this.peek();
    if (rest.kind !== 'end') throw new ExpressionRefused(`"${rest.text}" cannot stand here`, rest.at);
    return node;
  }

  private ternary(): Node {
    const test = this.or();
    const { at } = test;
    if (this.accept('?:')) return { at, kind: 'elvis', value: test, otherwise: this.ternary() };
    if (!this.accept('?')) return test;
    const yes = this.ternary();
    this.expect(':');
    return { at, kind: 'ternary', test, yes, no: this.ternary() };
  }

  private or(): Node {
    return this.chain(() => this.and(), { or: 'or', '||': 'or' });
  }

  private and(): Node {
    return this.chain(() => this.relation(), { and: 'and', '&&': 'and' });
  }

  private relation(): Node {
    const left = this.sum();
    const { text, kind, at } = this.peek();
    if (kind === 'name' && text.toLowerCase() === 'instanceof') return this.instanceOf(left);
    if (kind === 'name' && text === 'in') throw this.refuse('"in" does not exist; write {...}.contains(...)');
    const operator = kind === 'operator' || kind === 'name' ? COMPARISONS[text.toLowerCase()] : undefined;
    if (operator === undefined) {
      if (kind === 'operator' && text === '=') throw this.refuse('a rule cannot assign; compare with ==');
      return left;
    }
    this.next();
    return { at, kind: 'binary', operator, left, right: this.sum() };
  }

  private instanceOf(operand: Node): Node {
    const { at } = this.next();
    const [word, open, name, close] = [this.next(), this.next(), this.next(), this.next()];
    const isString = word.text === 'T' && open.text === '(' && name.text === 'String' && close.text === ')';
    if (!isString) throw new ExpressionRefused('only "instanceof T(String)" is run here', at);
    return { at, kind: 'isText', operand };
  }

  private sum(): Node {
    return this.chain(() => this.product(), { '+': 'add', '-': 'sub' });
  }

  private product(): Node {
    return this.chain(() => this.power(), { '*': 'mul', '/': 'div', '%': 'mod', div: 'div', mod: 'mod' });
  }

  private power(): Node {
    const left = this.unary();
    const { at, text } = this.peek();
    if (text === '++' || text === '--')
      throw this.refuse(`"${text}" changes a value, which a rule cannot; put a space between two signs`);
    if (!this.accept('^')) return left;
    return { at, kind: 'binary', operator: 'pow', left, right: this.unary() };
  }

  private unary(): Node {
    const { at, text } = this.peek();
    if (this.accept('!') || this.accept('not')) return { at, kind: 'not', operand: this.unary() };
    if (this.accept('-')) return { at, kind: 'sign', sign: 'minus', operand: this.unary() };
    if (this.accept('+')) return { at, kind: 'sign', sign: 'plus', operand: this.unary() };
    if (text === '++' || text === '--')
      throw this.refuse(`"${text}" changes a value, which a rule cannot; put a space between two signs`);
    return this.postfix(this.primary());
  }

  private chain(part: () => Node, operators: Readonly<Record<string, BinaryOperator>>): Node {
    let left = part();
    for (;;) {
      const { text, kind, at } = this.peek();
      const operator = kind === 'operator' || kind === 'name' ? operators[text.toLowerCase()] : undefined;
      if (operator === undefined) return left;
      this.next();
      left = { at, kind: 'binary', operator, left, right: part() };
    }
  }

  private postfix(start: Node): Node {
    let node = start;
    for (;;) {
      const { at, text, kind } = this.peek();
      if (kind !== 'operator') return node;
      if (text === '.' || text === '?.') node = this.member(node, text === '?.');
      else if (text === '[') {
        this.next();
        node = { at, kind: 'index', target: node, index: this.ternary() };
        this.expect(']');
      } else if (ITERATIONS.test(text)) {
        this.next();
        node = this.iteration(node, text, at);
        this.expect(']');
      } else return node;
    }
  }

  private iteration(target: Node, opener: string, at: number): Node {
    const inner = this.ternary();
    const safe = opener.startsWith('?.');
    if (opener.endsWith('![')) return { at, kind: 'project', target, value: inner, safe };
    const which = opener.endsWith('?[') ? 'all' : opener.endsWith('^[') ? 'first' : 'last';
    return { at, kind: 'select', target, which, test: inner, safe };
  }

  private member(target: Node, safe: boolean): Node {
    this.next();
    const name = this.next();
    if (name.kind !== 'name')
      throw new ExpressionRefused('a field or method name must follow the dot', name.at);
    if (!this.accept('(')) return { at: name.at, kind: 'property', target, name: name.text, safe };
    return { at: name.at, kind: 'method', target, name: name.text, args: this.list(')'), safe };
  }

  private primary(): Node {
    const token = this.next();
    const { at, text, kind } = token;
    if (kind === 'number') return { at, kind: 'literal', value: numberLiteral(token) };
    if (kind === 'string') return { at, kind: 'literal', value: text };
    if (kind === 'variable') return { at, kind: 'variable', name: text };
    if (kind === 'operator' && text === '(') {
      const inner = this.ternary();
      this.expect(')');
      return inner;
    }
    if (kind === 'operator' && text === '{') return this.braces(at);
    if (kind === 'name') return this.word(token);
    if (text === '@') throw new ExpressionRefused('beans (@name) are not allowed', at);
    throw new ExpressionRefused('a value is missing here', at);
  }

  private word({ text, at }: Token): Node {
    const lower = text.toLowerCase();
    if (lower === 'true' || lower === 'false') return { at, kind: 'literal', value: lower === 'true' };
    if (lower === 'null') return { at, kind: 'literal', value: null };
    if (text === 'new') throw new ExpressionRefused('objects cannot be made with new', at);
    if (text === 'T')
      throw new ExpressionRefused('Java types T(...) are not allowed; use a helper such as #NUMERIC', at);
    throw new ExpressionRefused(
      `"${text}" is not known; a variable is written #${text}, a text in quotes`,
      at,
    );
  }

  private braces(at: number): Node {
    if (this.accept(':')) {
      this.expect('}');
      return { at, kind: 'record', fields: [] };
    }
    const [first, second] = [this.peek(), this.tokens[this.index + 1]];
    const isRecord =
      (first.kind === 'name' || first.kind === 'string') &&
      second?.kind === 'operator' &&
      second.text === ':';
    if (!isRecord) return { at, kind: 'list', items: this.list('}') };
    const fields: { name: string; value: Node }[] = [];
    do {
      const { text: name, kind, at: place } = this.next();
      if (kind !== 'name' && kind !== 'string')
        throw new ExpressionRefused('the name of a field must be written out', place);
      if (kind === 'name' && KEPT_WORDS.test(name))
        throw new ExpressionRefused(`the name ${name} must stand in quotes: '${name}'`, place);
      this.expect(':');
      fields.push({ name, value: this.ternary() });
    } while (this.accept(','));
    this.expect('}');
    return { at, kind: 'record', fields };
  }

  private list(closer: string): Node[] {
    const items: Node[] = [];
    if (this.accept(closer)) return items;
    do items.push(this.ternary());
    while (this.accept(','));
    this.expect(closer);
    return items;
  }

  private peek(): Token {
    return this.tokens[this.index]!;
  }

  private next(): Token {
    const token = this.peek();
    if (token.kind !== 'end') this.index += 1;
    return token;
  }

  private accept(text: string): boolean {
    const token = this.peek();
    if (token.kind !== 'operator' || token.text !== text) return false;
    this.index += 1;
    return true;
  }

  private expect(text: string): void {
    if (!this.accept(text)) throw this.refuse(`"${text}" is missing here`);
  }

  private refuse(message: string): ExpressionRefused {
    return new ExpressionRefused(message, this.peek().at);
  }
}

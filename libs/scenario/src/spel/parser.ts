import type { BinaryOperator, Node } from './ast.js';
import { ExpressionRefused } from './expression-error.js';
import { tokenize, type Token } from './lexer.js';
import { numberLiteral } from './number-literal.js';

const WORD_OPERATORS: Readonly<Record<string, BinaryOperator>> = {
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
    if (this.accept('?:')) return { at: test.at, kind: 'elvis', value: test, otherwise: this.ternary() };
    if (!this.accept('?')) return test;
    const yes = this.ternary();
    this.expect(':');
    return { at: test.at, kind: 'ternary', test, yes, no: this.ternary() };
  }

  private or(): Node {
    return this.chain(() => this.and(), { or: 'or', '||': 'or' });
  }

  private and(): Node {
    return this.chain(() => this.relation(), { and: 'and', '&&': 'and' });
  }

  private relation(): Node {
    const left = this.sum();
    const { text, kind } = this.peek();
    if (kind === 'name' && text === 'instanceof')
      throw this.refuse('instanceof is not supported; compare values instead');
    const operator = kind === 'operator' || kind === 'name' ? WORD_OPERATORS[text] : undefined;
    if (operator === undefined) {
      if (text === '=') throw this.refuse('a rule cannot assign; compare with ==');
      return left;
    }
    this.next();
    return { at: left.at, kind: 'binary', operator, left, right: this.sum() };
  }

  private sum(): Node {
    return this.chain(() => this.product(), { '+': 'add', '-': 'sub' });
  }

  private product(): Node {
    return this.chain(() => this.power(), { '*': 'mul', '/': 'div', '%': 'mod', div: 'div', mod: 'mod' });
  }

  private power(): Node {
    const left = this.unary();
    if (!this.accept('^')) return left;
    return { at: left.at, kind: 'binary', operator: 'pow', left, right: this.unary() };
  }

  private unary(): Node {
    const { at } = this.peek();
    if (this.accept('!') || this.acceptName('not')) return { at, kind: 'not', operand: this.unary() };
    if (this.accept('-')) return { at, kind: 'negate', operand: this.unary() };
    if (this.accept('+')) return this.unary();
    return this.postfix(this.primary());
  }

  private chain(part: () => Node, operators: Readonly<Record<string, BinaryOperator>>): Node {
    let left = part();
    for (;;) {
      const { text, kind } = this.peek();
      const operator = kind === 'operator' || kind === 'name' ? operators[text] : undefined;
      if (operator === undefined) return left;
      this.next();
      left = { at: left.at, kind: 'binary', operator, left, right: part() };
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
      } else if (text === '.?[' || text === '.^[' || text === '.$[' || text === '.![') {
        this.next();
        node = this.bracket(node, text);
        this.expect(']');
      } else return node;
    }
  }

  private bracket(target: Node, opener: string): Node {
    const inner = this.ternary();
    const { at } = target;
    if (opener === '.![') return { at, kind: 'project', target, value: inner };
    return {
      at,
      kind: 'select',
      target,
      which: opener === '.?[' ? 'all' : opener === '.^[' ? 'first' : 'last',
      test: inner,
    };
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
    throw new ExpressionRefused(
      text === '@' ? 'beans (@name) are not allowed' : 'a value is missing here',
      at,
    );
  }

  private word({ text, at }: Token): Node {
    if (text === 'true' || text === 'false') return { at, kind: 'literal', value: text === 'true' };
    if (text === 'null') return { at, kind: 'literal', value: null };
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
      const { text: name } = this.next();
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

  private acceptName(text: string): boolean {
    const token = this.peek();
    if (token.kind !== 'name' || token.text !== text) return false;
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

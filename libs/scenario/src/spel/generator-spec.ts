import { TEXTS } from './generated-message-spec.js';
import { NumberExpressions, type Kind } from './generated-number-spec.js';

const PATTERNS = [
  '[a-z]+',
  'a.*',
  '.*b',
  '\\\\d+',
  '[^,]*',
  '(a|b)+',
  'a?b{1,2}',
  '^a',
  'b$',
  '\\\\s*\\\\w+\\\\s*',
  ',',
  'b',
];

const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** Writes expressions of every construct that both engines take. */
export class Expressions extends NumberExpressions {
  any(): string {
    const kinds: Kind[] = [
      'text',
      'integer',
      'long',
      'decimal',
      'double',
      'boolean',
      'boolean',
      'texts',
      'numbers',
    ];
    const written = this.of(this.random.pick(kinds), 1 + this.random.below(4));
    return this.random.chance(0.08) ? this.mangled(written) : written;
  }

  /** One sign or word taken out, doubled or swapped: both engines must refuse it, or both read it alike. */
  private mangled(expression: string): string {
    const { random } = this;
    const tokens = expression.match(/#\w+|\w+|'[^']*'|\s+|[^\w\s]/g) ?? [];
    const at = random.below(tokens.length);
    const change = random.below(4);
    if (change === 0) tokens.splice(at, 1);
    else if (change === 1) tokens.splice(at, 0, tokens[at]!);
    else if (change === 2)
      tokens[at] = random.pick([
        '(',
        ')',
        '[',
        '.',
        '?.',
        '-',
        '+',
        '!',
        'not',
        '{',
        ',',
        ':',
        '?:',
        '^',
        "''",
        'null',
        '1',
        'T',
      ]);
    else tokens[at] = tokens[random.below(tokens.length)]!;
    return tokens.join('');
  }

  protected of(kind: Kind, depth: number): string {
    const { random } = this;
    if (depth > 1 && random.chance(0.12))
      return `(${this.of('boolean', depth - 1)} ? ${this.of(kind, depth - 1)} : ${this.maybeNull(kind, depth - 1)})`;
    if (depth > 1 && random.chance(0.06))
      return `(${this.of(kind, depth - 1)} ?: ${this.of(kind, depth - 1)})`;
    const written = this[kind](depth);
    return random.chance(0.05) ? `(${written})` : written;
  }

  private maybeNull(kind: Kind, depth: number): string {
    return this.random.chance(0.1) ? 'null' : this.of(kind, depth);
  }

  private text(depth: number): string {
    const { random } = this;
    if (depth <= 0)
      return random.pick([
        quote(random.pick(TEXTS)),
        '#input.s',
        '#input.t',
        '#input?.s',
        "#input['t']",
        "'it''s'",
        '"d""q"',
      ]);
    const inner = (): string => this.of('text', depth - 1);
    switch (random.below(12)) {
      case 0:
        return `${inner()} + ${this.of(random.pick(['text', 'integer', 'long', 'decimal', 'double', 'boolean']), depth - 1)}`;
      case 1:
        return `${inner()}${random.pick(['.', '?.'])}${random.pick(['toUpperCase()', 'toLowerCase()', 'trim()'])}`;
      case 2:
        return `${inner()}.substring(${this.of('integer', 0)})`;
      case 3:
        return `${inner()}.substring(0, ${this.of('integer', 0)})`;
      case 4:
        return `${inner()}.replaceAll(${quote(this.pattern())}, ${quote(random.pick(['', '_', '$0', 'x$0y']))})`;
      case 5:
        return `${this.of('texts', depth - 1)}${random.pick(['[0]', '[1]', '.^[true]', '.$[#this != null]', '?.^[#this > 1]'])}`;
      case 6:
        return `#input.map${random.pick(['.x', "['ab']", "['no']", ".get('x')", '.get(#input.s)'])}`;
      case 7:
        return `{'a': ${inner()}, b: ${inner()}}${random.pick(['.a', "['b']", ".get('a')"])}`;
      case 8:
        return `#input.items${random.pick(['[0].k', '.![#this.k][0]', '.^[#this.v > 1].k', ".?[#this.k == 'a'][0]?.k"])}`;
      default:
        return this.text(0);
    }
  }

  private pattern(): string {
    return this.random.pick(PATTERNS).replaceAll('\\\\', '\\');
  }

  private boolean(depth: number): string {
    const { random } = this;
    if (depth <= 0)
      return random.pick([
        'true',
        'false',
        '#input.b',
        '#input.c',
        'TRUE',
        '#input.s == null',
        '#input.n != null',
      ]);
    switch (random.below(11)) {
      case 0:
        return `${this.of('boolean', depth - 1)} ${random.pick(['and', 'or', '&&', '||', 'AND'])} ${this.of('boolean', depth - 1)}`;
      case 1:
        return `${random.pick(['!', 'not '])}(${this.of('boolean', depth - 1)})`;
      case 2:
      case 3:
        return `${this.number(depth - 1)} ${random.pick(['<', '<=', '>', '>=', 'lt', 'GE'])} ${this.number(depth - 1)}`;
      case 4:
        return this.equality(depth);
      case 5:
        return `${this.of('text', depth - 1)} matches ${quote(this.pattern())}`;
      case 6:
        return `${this.number(depth - 1)} between {${this.number(depth - 1)}, ${this.number(depth - 1)}}`;
      case 7:
        return `${this.of('text', depth - 1)}.${random.pick(['contains', 'startsWith', 'endsWith'])}(${this.of('text', 0)})`;
      case 8:
        return `${this.of('texts', depth - 1)}.${random.pick(['isEmpty()', 'contains(#input.s)', "contains('a')", 'contains(null)'])}`;
      case 9:
        return random.pick([
          '#input.s instanceof T(String)',
          '#input.map.containsKey(#input.s)',
          `${this.of('numbers', depth - 1)}.contains(${this.number(0)})`,
          `${this.of('text', depth - 1)}.isEmpty()`,
        ]);
      default:
        return this.boolean(0);
    }
  }

  private equality(depth: number): string {
    const { random } = this;
    const sign = random.pick(['==', '!=', 'eq', 'NE']);
    const side = (kind: Kind): string => this.of(kind, depth - 1);
    switch (random.below(4)) {
      case 0:
        return `${this.number(depth - 1)} ${sign} ${this.number(depth - 1)}`;
      case 1:
        return `${side('texts')} ${sign} ${side('texts')}`;
      case 2:
        return `${side('text')} ${sign} ${random.pick([side('integer'), 'null', side('long')])}`;
      default:
        return `${side('text')} ${sign} ${side('text')}`;
    }
  }

  private texts(depth: number): string {
    const { random } = this;
    if (depth <= 0) return random.pick(['#input.arr', "{'a', 'ab'}", '{}', "{'a', null}", '#input?.arr']);
    switch (random.below(5)) {
      case 0:
        return `{${this.of('text', depth - 1)}, ${this.of('text', depth - 1)}}`;
      case 1:
        return `${this.of('texts', depth - 1)}${random.pick(['.', '?.'])}?[${random.pick(["#this != ''", '#this.length() > 1', "#this == 'a' or #input.b", '#input.c'])}]`;
      case 2:
        return `${this.of('texts', depth - 1)}${random.pick(['.', '?.'])}![${random.pick(['#this.toUpperCase()', '#this + 1', "#this ?: 'none'", '#this'])}]`;
      case 3:
        return `#input.items.![#this.k]`;
      default:
        return this.texts(0);
    }
  }

  private numbers(depth: number): string {
    const { random } = this;
    if (depth <= 0) return random.pick(['#input.nums', '#input.ints', '{1, 2, 3}', '{1L}', '{}']);
    switch (random.below(5)) {
      case 0:
        return `{${this.of('integer', depth - 1)}, ${this.of('integer', depth - 1)}}`;
      case 1:
        return `#input.nums.?[#this ${random.pick(['<', '>=', '=='])} ${this.number(depth - 1)}]`;
      case 2:
        return `#input.ints.![#this ${random.pick(['+', '*', '-'])} ${this.of('integer', depth - 1)}]`;
      case 3:
        return `#input.items.?[#this.v != null and #this.v > ${this.of('decimal', 0)}].![#this.v]`;
      default:
        return this.numbers(0);
    }
  }
}

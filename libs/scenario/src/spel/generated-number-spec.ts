import type { Random } from './generated-message-spec.js';

export type Kind = 'text' | 'integer' | 'long' | 'decimal' | 'double' | 'boolean' | 'texts' | 'numbers';

/** Expressions that are numbers; the rest of the language is added by the class that extends it. */
export abstract class NumberExpressions {
  constructor(protected readonly random: Random) {}

  protected abstract of(kind: Kind, depth: number): string;

  protected integer(depth: number): string {
    const { random } = this;
    if (depth <= 0) return random.pick(['0', '1', '2', '3', '7', '2147483647', '-1', '+2']);
    switch (random.below(6)) {
      case 0:
        return `${this.of('text', depth - 1)}${random.pick(['.', '?.'])}length()`;
      case 1:
        return `${this.of('text', depth - 1)}.${random.pick(['indexOf', 'lastIndexOf'])}(${this.of('text', 0)})`;
      case 2:
        return `${this.of(random.pick(['texts', 'numbers']), depth - 1)}.size()`;
      case 3:
        return this.calculation('integer', 'integer', depth);
      case 4:
        return `-${this.of('integer', depth - 1)}`;
      default:
        return this.integer(0);
    }
  }

  protected long(depth: number): string {
    const { random } = this;
    if (depth <= 0) return random.pick(['#input.i', '#input.j', '1L', '3L', '9223372036854775807L', '1000L']);
    if (random.chance(0.2)) return `-${this.of('long', depth - 1)}`;
    return this.calculation('long', random.pick(['long', 'integer']), depth);
  }

  protected decimal(depth: number): string {
    const { random } = this;
    if (depth <= 0) return random.pick(['#input.n', '#input.m']);
    switch (random.below(5)) {
      case 0:
        return `-${this.of('decimal', depth - 1)}`;
      case 1:
        return `#input.nums${random.pick(['[0]', '[1]', '.$[true]', '.^[#this > 1]'])}`;
      case 2:
        return '#input.items[0].v';
      default:
        return this.calculation('decimal', random.pick(['decimal', 'integer', 'long', 'double']), depth);
    }
  }

  protected double(depth: number): string {
    const { random } = this;
    if (depth <= 0) return random.pick(['1.5', '2.0', '0.25', '10.0', '1e3', '0.1', '2.5d', '100d', '1e10']);
    if (random.chance(0.2)) return `-${this.of('double', depth - 1)}`;
    return this.calculation('double', random.pick(['double', 'integer', 'long']), depth);
  }

  /** Either side may be the wider one. */
  protected calculation(wide: Kind, other: Kind, depth: number): string {
    const { random } = this;
    const sides = [this.of(wide, depth - 1), this.of(other, depth - 1)];
    if (random.chance(0.5)) sides.reverse();
    const sign = random.pick(['+', '-', '*', '/', '%', ' div ', ' MOD ']);
    if (random.chance(0.08))
      return `(${this.of(wide, depth - 1)}) ^ ${random.pick(['0', '1', '2', '3', '10'])}`;
    return `(${sides[0]!})${sign}${random.chance(0.5) ? ' ' : ''}(${sides[1]!})`;
  }

  protected number(depth: number): string {
    return this.of(this.random.pick(['integer', 'long', 'decimal', 'double']), depth);
  }
}

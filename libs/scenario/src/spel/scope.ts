import type { Node } from './ast.js';
import type { Type } from './types.js';
import type { Value } from './value.js';

/**
 * One step of a message through the scenario. `edge`: `true` or `false` of a filter; the number of a choice's or a
 * split's branch from 1, or `default`; `row N` (from 1) for every matching row of a decision table, or `no row`.
 */
export type Trace = (step: { node: string; edge?: string }) => void;

/** What an expression sees while it runs: one per message, every variable in a slot of its own. */
export interface Scope {
  readonly slots: Value[];
  /** Milliseconds since 1970, for #DATE.now. */
  readonly now: () => number;
  /** Told each node and edge that the message takes; absent where nobody asks. */
  readonly trace?: Trace | undefined;
}

export type Expression = (scope: Scope) => Value;

/** An expression that is ready to run, and what it yields. */
export interface Compiled {
  type: Type;
  run: Expression;
}

/** Compiles a part of an expression. */
export type Compile = (node: Node, known: Known) => Compiled;

interface Variable {
  type: Type;
  slot: number;
}

/** The variables that exist at one place of a scenario, with their types. */
export class Known {
  private constructor(
    private readonly variables: ReadonlyMap<string, Variable>,
    private readonly counter: { slots: number },
  ) {}

  static nothing(): Known {
    return new Known(new Map(), { slots: 0 });
  }

  get(name: string): Variable | undefined {
    return this.variables.get(name);
  }

  names(): string[] {
    return [...this.variables.keys()];
  }

  /** One more variable; the places before it do not see it. */
  with(name: string, type: Type): { known: Known; slot: number } {
    const slot = this.counter.slots;
    this.counter.slots += 1;
    return { known: new Known(new Map([...this.variables, [name, { type, slot }]]), this.counter), slot };
  }
}

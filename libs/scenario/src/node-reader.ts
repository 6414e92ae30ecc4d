import { compileExpression } from './spel/compiler.js';
import { ExpressionRefused, RefusedElsewhere } from './spel/expression-error.js';
import { HELPERS } from './spel/helpers.js';
import { needBoolean } from './spel/operand.js';
import type { Compiled, Known } from './spel/scope.js';
import { BOOLEAN, REFUSED, type Type } from './spel/types.js';
import type { FileExpression, FileNode, FileParameter, Problem } from './scenario-file.js';

/** Stands for an expression that was refused; the file will not run, but its other problems are found too. */
export const NOTHING: Compiled = { type: REFUSED, run: () => null };

/** Reads the parts of nodes and collects what is wrong with them. */
export class NodeReader {
  readonly problems: Problem[] = [];

  refuse(node: FileNode, message: string): void {
    this.problems.push({ node: node.id, message });
  }

  expression(
    node: FileNode,
    source: FileExpression | null | undefined,
    known: Known,
    what: string,
  ): Compiled {
    const { language, expression } = source ?? { language: 'spel', expression: '' };
    if (language !== 'spel') {
      this.refuse(node, `${what} is written in ${language}; write it in SpEL`);
      return NOTHING;
    }
    if (expression.trim() === '') {
      this.refuse(node, `${what} is empty; fill it in`);
      return NOTHING;
    }
    return this.attempt(node, expression, () => compileExpression(expression, known)) ?? NOTHING;
  }

  /** An expression that must be true or false. */
  condition(node: FileNode, source: FileExpression | null | undefined, known: Known, what: string): Compiled {
    const compiled = this.expression(node, source, known, what);
    if (compiled === NOTHING) return compiled;
    return (
      this.attempt(node, source!.expression, () => {
        needBoolean(compiled, 0, what);
        return { ...compiled, type: BOOLEAN };
      }) ?? NOTHING
    );
  }

  /** A parameter that is written out as a text in quotes. */
  constant(node: FileNode, name: string): string {
    const source = this.parameter(node, name)?.expression ?? '';
    const match = /^'([^']+)'$/.exec(source.trim());
    if (match === null) this.refuse(node, `${name} must be a text in single quotes, such as 'g2p.request'`);
    return match?.[1] ?? '';
  }

  parameter(node: FileNode, name: string): FileExpression | undefined {
    const parameters: FileParameter[] = node.ref?.parameters ?? node.service?.parameters ?? [];
    return parameters.find((one) => one.name === name)?.expression;
  }

  /** A new variable under this name, with its place. */
  declare(
    node: FileNode,
    name: string | undefined,
    type: Type,
    known: Known,
  ): { known: Known; slot: number } {
    const variable = name ?? '';
    if (!/^[A-Za-z_$][\w$]*$/.test(variable))
      this.refuse(node, `"${variable}" cannot be the name of a variable; use letters, digits and _`);
    else if (Object.hasOwn(HELPERS, variable) || RESERVED.has(variable))
      this.refuse(node, `#${variable} is a helper of Nussknacker; give the variable another name`);
    else if (known.get(variable) !== undefined) {
      this.refuse(node, `the variable #${variable} exists already; give this one another name`);
      return { known, slot: 0 };
    }
    return known.with(variable, type);
  }

  private attempt<T>(node: FileNode, expression: string, work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (error instanceof RefusedElsewhere) return undefined;
      if (!(error instanceof ExpressionRefused)) throw error;
      this.problems.push({ node: node.id, message: error.message, expression, position: error.position });
      return undefined;
    }
  }
}

/** Names that the Designer keeps for itself. */
const RESERVED = new Set(['this', 'root', 'meta', 'GEO', 'RANDOM', 'AGG', 'ROW']);

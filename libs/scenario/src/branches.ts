import type { NodeReader } from './node-reader.js';
import type { FileExpression, FileNode } from './scenario-file.js';
import { DEAD_END, FAILED, evaluate, type Step } from './scenario-run.js';
import { asBoolean } from './spel/operand.js';
import type { Known } from './spel/scope.js';

/** Compiles a list of nodes; `before` is the node that leads to it. */
export type Follow = (nodes: readonly FileNode[], known: Known, before: FileNode) => Step;

/** A branch that may be left out: the message ends there, as on Nussknacker. */
function optional(
  nodes: readonly FileNode[] | undefined,
  known: Known,
  before: FileNode,
  follow: Follow,
): Step {
  return nodes === undefined || nodes.length === 0 ? DEAD_END : follow(nodes, known, before);
}

/** Goes on where the condition holds. A filter that is switched off lets everything through. */
export function filter(
  node: FileNode,
  rest: readonly FileNode[],
  known: Known,
  reader: NodeReader,
  follow: Follow,
): Step {
  const { run } = reader.condition(node, node.expression, known, 'the condition of the filter');
  const yes = follow(rest, known, node);
  const no = optional(node.nextFalse, known, node, follow);
  const passes = node.isDisabled === true ? () => true : run;
  return (scope, emit) => {
    const passed = evaluate(node, (inner) => asBoolean(passes(inner)), scope, emit);
    if (passed === FAILED) return;
    scope.trace?.({ node: node.id, edge: String(passed === true) });
    (passed === true ? yes : no)(scope, emit);
  };
}

/** The first branch whose condition holds. */
export function choice(node: FileNode, known: Known, reader: NodeReader, follow: Follow): Step {
  const nexts = (node.nexts ?? []) as { expression: FileExpression; nodes: FileNode[] }[];
  if (node.exprVal || node.expression)
    reader.refuse(
      node,
      'an expression for the whole choice is not run here; put a variable before the choice',
    );
  if (nexts.length === 0) reader.refuse(node, 'the choice has no branch; add one');
  const branches = nexts.map(({ expression, nodes }, at) => {
    const { run } = reader.condition(node, expression, known, `branch ${at + 1} of the choice`);
    return {
      edge: String(at + 1),
      test: (scope: Parameters<typeof run>[0]) => asBoolean(run(scope)),
      step: follow(nodes, known, node),
    };
  });
  const otherwise = optional(node.defaultNext, known, node, follow);
  return (scope, emit) => {
    for (const { edge, test, step } of branches) {
      const chosen = evaluate(node, test, scope, emit);
      if (chosen === FAILED) return;
      if (chosen !== true) continue;
      scope.trace?.({ node: node.id, edge });
      return step(scope, emit);
    }
    scope.trace?.({ node: node.id, edge: 'default' });
    otherwise(scope, emit);
  };
}

/** Every branch, one after the other. */
export function split(node: FileNode, known: Known, reader: NodeReader, follow: Follow): Step {
  const branches = ((node.nexts ?? []) as FileNode[][]).map((branch) => follow(branch, known, node));
  if (branches.length === 0) reader.refuse(node, 'the split has no branch; add one');
  return (scope, emit) =>
    branches.forEach((branch, at) => {
      scope.trace?.({ node: node.id, edge: String(at + 1) });
      branch(scope, emit);
    });
}

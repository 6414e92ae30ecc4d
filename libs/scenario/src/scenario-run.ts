import type { Expression, Scope, Trace } from './spel/compiler.js';
import type { Value } from './spel/value.js';
import { MessageRefused, readMessage, type TopicSchema } from './message.js';
import type { FileNode } from './scenario-file.js';

/** What became of one message: a record for a topic, or an error where Nussknacker would use its error topic. */
export type ScenarioResult =
  { topic: string; key: string | null; value: string } | { error: string; node: string };

export interface Scenario {
  name: string;
  sourceTopic: string;
  /** @param trace told each node and edge that the message takes, in order. */
  run(message: { key: string | null; value: Buffer }, now: () => number, trace?: Trace): ScenarioResult[];
}

/** One node and everything behind it. */
export type Step = (scope: Scope, emit: (result: ScenarioResult) => void) => void;

export const FAILED = Symbol('failed');

/** A rule that fails on a message sends it to the error topic and nowhere else, as on Nussknacker. */
export function evaluate(
  node: FileNode,
  expression: Expression,
  scope: Scope,
  emit: (result: ScenarioResult) => void,
): Value {
  try {
    return expression(scope);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    emit({ error: error.message, node: node.id });
    return FAILED;
  }
}

export function runner(sourceNode: string, schema: TopicSchema, first: Step): Scenario['run'] {
  return ({ key, value }, now, trace) => {
    trace?.({ node: sourceNode });
    let input: Record<string, Value>;
    try {
      input = readMessage(value, schema);
    } catch (error) {
      if (!(error instanceof MessageRefused)) throw error;
      return [{ error: error.message, node: sourceNode }];
    }
    const results: ScenarioResult[] = [];
    const scope: Scope = { variables: { input, inputMeta: { key } }, now, trace };
    first(scope, (result) => results.push(result));
    return results;
  };
}

import { messageReader, MessageRefused } from './message.js';
import type { FileNode } from './scenario-file.js';
import type { TopicSchema } from './schema-types.js';
import type { Expression, Scope, Trace } from './spel/scope.js';
import type { Value } from './spel/value.js';

/** What became of one message: a record for a topic, or an error where Nussknacker would use its error topic. */
export type ScenarioResult =
  { topic: string; key: string | null; value: string } | { error: string; node: string };

export interface Scenario {
  name: string;
  sourceTopic: string;
  /** @param trace told each node and edge that the message takes, in order. */
  run(message: { key: string | null; value: Buffer }, now: () => number, trace?: Trace): ScenarioResult[];
}

export type Emit = (result: ScenarioResult) => void;

/** One node and everything behind it. */
export type Step = (scope: Scope, emit: Emit) => void;

/** The message ends here. */
export const DEAD_END: Step = () => undefined;

export const FAILED = Symbol('failed');

/** A rule that fails on a message sends it to the error topic and nowhere else, as on Nussknacker. */
export function evaluate(node: FileNode, expression: Expression, scope: Scope, emit: Emit): Value {
  try {
    return expression(scope);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    emit({ error: error.message, node: node.id });
    return FAILED;
  }
}

/** The places of what the source puts into the scope. */
export interface SourceSlots {
  input: number;
  inputMeta: number;
}

export function runner(
  sourceNode: string,
  schema: TopicSchema,
  source: SourceSlots,
  first: Step,
): Scenario['run'] {
  const read = messageReader(schema);
  return ({ key, value }, now, trace) => {
    trace?.({ node: sourceNode });
    const slots: Value[] = [];
    try {
      slots[source.input] = read(value);
    } catch (error) {
      if (!(error instanceof MessageRefused)) throw error;
      return [{ error: error.message, node: sourceNode }];
    }
    slots[source.inputMeta] = { key };
    const results: ScenarioResult[] = [];
    first({ slots, now, trace }, (result) => results.push(result));
    return results;
  };
}

import type { Absent, CallContext, Instruction, Outcome, QueryKey, Violation } from './connector.js';
import { InvalidInstruction } from './rail-error.js';

/** Queries for a rail that is asked about one rail id at a time; each has the whole time limit. */
export async function askEach(
  keys: readonly QueryKey[],
  ctx: CallContext,
  ask: (key: QueryKey, deadline: number) => Promise<Outcome | Absent>,
): Promise<(Outcome | Absent)[]> {
  const results: (Outcome | Absent)[] = [];
  for (const key of keys) {
    ctx.beforeSend();
    results.push(await ask(key, performance.now() + ctx.timeoutMs));
  }
  return results;
}

/** @throws InvalidInstruction with the first thing that the rail could not take. */
export function requireValid(
  instruction: Instruction,
  validate: (instruction: Instruction) => Violation[],
): void {
  const [violation] = validate(instruction);
  if (violation !== undefined) throw new InvalidInstruction(`${violation.field}: ${violation.message}`);
}

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { messageReader, messageWriter } from '../message.js';
import { schemaType, type TopicSchema } from '../schema-types.js';
import { compileExpression } from './compiler.js';
import { EvaluationFailed, ExpressionRefused } from './expression-error.js';
import { Known, type Compiled } from './scope.js';
import { show } from './types.js';

const recorded = join(process.env.GPO_SHARED ?? join(process.cwd(), '../shared'), 'nussknacker/recorded');
const file = join(recorded, 'spel.jsonl');

const COUNT = 156;

type Result = { value: unknown } | { error: string } | null;
interface Line {
  expr: string;
  type: string;
  results?: Result[];
  refused?: string[];
}

/** The one line that cannot hold, and why. */
const EXCEPT = new Map([['#GEO', 'the recorded value is the identity of a Java object, new at every start']]);

const withShared = existsSync(file) ? describe : describe.skip;

withShared('each recorded expression (skipped without the shared folder)', () => {
  const [head = '{}', ...rest] = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  const { schema, inputs } = JSON.parse(head) as { schema: TopicSchema; inputs: unknown[] };
  const lines = rest.map((line) => JSON.parse(line) as Line);
  const known = (): { known: Known; slot: number } => Known.nothing().with('input', schemaType(schema));

  const accepted = (expr: string): Compiled | undefined => {
    try {
      return compileExpression(expr, known().known);
    } catch (error) {
      if (error instanceof ExpressionRefused) return undefined;
      throw error;
    }
  };

  const outcomeOf = ({ run }: Compiled, input: unknown): Result => {
    const slots = [messageReader(schema)(Buffer.from(JSON.stringify(input)))];
    try {
      const value = run({ slots, now: () => 0 });
      if (value === null || value === undefined) return null;
      return JSON.parse(messageWriter(undefined)({ value })) as Result;
    } catch (error) {
      if (error instanceof EvaluationFailed) return { error: error.message };
      throw error;
    }
  };

  it('all of them are there, and one that cannot be compared', () => {
    expect(lines.length).toBe(COUNT);
    expect([...EXCEPT.keys()].every((expr) => lines.some((line) => line.expr === expr))).toBe(true);
  });

  it.each(lines.filter(({ refused, expr }) => refused !== undefined || EXCEPT.has(expr)))(
    '$expr is refused when the file is loaded',
    ({ expr }) => {
      expect(accepted(expr)).toBeUndefined();
    },
  );

  it.each(lines.filter(({ refused, expr }) => refused === undefined && !EXCEPT.has(expr)))(
    '$expr has the type and the results of Nussknacker',
    ({ expr, type, results }) => {
      const compiled = accepted(expr);
      expect(compiled === undefined ? 'refused' : show(compiled.type)).toBe(type);
      results!.forEach((result, at) => {
        const own = outcomeOf(compiled!, inputs[at]);
        // Our sentences are our own; that there is an error is what both must say.
        if (result !== null && 'error' in result) expect(own).toHaveProperty('error');
        else expect(own).toEqual(result);
      });
    },
  );
});

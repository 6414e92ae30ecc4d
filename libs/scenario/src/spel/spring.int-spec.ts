import { describe, expect, it } from '@jest/globals';
import {
  askSpring,
  springMissing,
  type Question,
  type SpringAnswer,
} from '../../../../tools/testing/spring-oracle-spec.js';
import { messageReader } from '../message.js';
import { schemaType } from '../schema-types.js';
import { compileExpression } from './compiler.js';
import { EvaluationFailed, ExpressionRefused } from './expression-error.js';
import { Random, SCHEMA, message } from './generated-message-spec.js';
import { Expressions } from './generator-spec.js';
import { javaText } from './java-text.js';
import { Decimal, Double } from './numbers.js';
import { Known, type Compiled } from './scope.js';
import { isRecord, type Value } from './value.js';

const PAIRS = Number(process.env.GPO_SPEL_PAIRS ?? 4000);
const SEED = Number(process.env.GPO_SPEL_SEED ?? 1);
const INPUTS_EACH = 2;
const TEST_MS = 900_000;

/**
 * Where the real Spring on its own and the real Nussknacker differ, the recorded Nussknacker counts. None of these is
 * generated: methods without brackets, conversions (`toLong`, `toBigDecimal`) and helpers, which only Nussknacker has.
 * What the Designer's types refuse, Spring runs; such expressions are not compared.
 */
const EXCLUDED: Readonly<Record<string, string>> = {
  'the power is too large to be exact': 'Java and JS may round it differently, so it is an error here',
};

/** A value as the Java harness writes it, with all digits and kinds. */
function javaJson(value: Value): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return `[${value.map(javaJson).join(',')}]`;
  if (isRecord(value))
    return `{${Object.entries(value)
      .map(([name, item]) => `${quoted(name)}:${javaJson(item)}`)
      .join(',')}}`;
  if (typeof value === 'string') return quoted(value);
  const text = javaText(value);
  return value instanceof Double && !Number.isFinite(value.value) ? `"${text}"` : text;
}

function quoted(text: string): string {
  const escaped = text
    .replace(/["\\]/g, '\\$&')
    .replace(/[\u0000-\u001f]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return `"${escaped.replace(/\p{Surrogate}/gu, '?')}"`;
}

function javaClass(value: Value): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'bigint') return 'java.lang.Long';
  if (value instanceof Decimal) return 'java.math.BigDecimal';
  if (value instanceof Double) return 'java.lang.Double';
  const classes: Readonly<Record<string, string>> = {
    number: 'java.lang.Integer',
    string: 'java.lang.String',
    boolean: 'java.lang.Boolean',
  };
  return classes[typeof value] ?? 'a collection';
}

function ownAnswer({ run }: Compiled, json: string): SpringAnswer {
  const slots = [messageReader(SCHEMA)(Buffer.from(json))];
  try {
    const value = run({ slots, now: () => 0 });
    return { ok: true, value: javaJson(value), type: javaClass(value) };
  } catch (error) {
    if (!(error instanceof EvaluationFailed)) throw error;
    return { ok: false, phase: 'eval', error: error.message };
  }
}

function agree(own: SpringAnswer, spring: SpringAnswer): boolean {
  if (!own.ok || !spring.ok) return own.ok === spring.ok && (spring.ok || spring.phase === 'eval');
  return own.value === spring.value && (own.type === spring.type || own.type === 'a collection');
}

interface Pair {
  question: Question;
  own: SpringAnswer;
}

/** Expressions that this engine accepts, each with its results here on some messages. */
function* pairs(count: number, seed: number, compile: typeof compileExpression): Generator<Pair> {
  const random = new Random(seed);
  const expressions = new Expressions(random);
  for (let made = 0; made < count;) {
    const expr = expressions.any();
    const { known } = Known.nothing().with('input', schemaType(SCHEMA));
    let compiled: Compiled;
    try {
      compiled = compile(expr, known);
    } catch (error) {
      if (error instanceof ExpressionRefused) continue;
      throw error;
    }
    for (let input = 0; input < INPUTS_EACH && made < count; input += 1, made += 1) {
      const { json, spring } = message(random);
      yield { question: { expr, input: spring }, own: ownAnswer(compiled, json) };
    }
  }
}

interface Outcome {
  excluded: number;
  compared: number;
  values: number;
  disagreements: string[];
}

async function compare(count: number, seed: number, compile = compileExpression): Promise<Outcome> {
  const waiting: Pair[] = [];
  const outcome: Outcome = { compared: 0, values: 0, excluded: 0, disagreements: [] };
  function* questions(): Generator<Question> {
    for (const pair of pairs(count, seed, compile)) {
      waiting.push(pair);
      yield pair.question;
    }
  }
  await askSpring(questions(), (spring) => {
    const { question, own } = waiting.shift()!;
    outcome.compared += 1;
    if (spring.ok) outcome.values += 1;
    if (!own.ok && own.error in EXCLUDED) outcome.excluded += 1;
    else if (!agree(own, spring)) outcome.disagreements.push(JSON.stringify({ ...question, own, spring }));
  });
  return outcome;
}

const missing = springMissing();
const withSpring = missing === undefined ? describe : describe.skip;

withSpring(
  `expressions against the real Spring${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    it(
      `${PAIRS} pairs of expression and message give the same value, kind or error`,
      async () => {
        const { compared, values, excluded, disagreements } = await compare(PAIRS, SEED);
        process.stderr.write(
          `spel: ${compared} pairs, ${values} with a value, ${excluded} excluded, ${disagreements.length} disagreements\n`,
        );
        expect(disagreements.slice(0, 20)).toEqual([]);
        expect(compared).toBe(PAIRS);
        expect(excluded).toBeLessThan(PAIRS / 100);
        // Errors agree easily; most pairs must be values.
        expect(values).toBeGreaterThan(PAIRS / 2);
      },
      TEST_MS,
    );

    it(
      'a difference of one in one operator is found',
      async () => {
        const planted: typeof compileExpression = (source, known) => {
          const compiled = compileExpression(source.replaceAll('>=', '>'), known);
          return compiled;
        };
        const { disagreements } = await compare(1000, SEED, planted);
        expect(disagreements.length).toBeGreaterThan(0);
        expect(disagreements.every((line) => line.includes('>='))).toBe(true);
      },
      TEST_MS,
    );
  },
);

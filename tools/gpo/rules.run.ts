import { isUtf8 } from 'node:buffer';
import type { Readable, Writable } from 'node:stream';
import type { Scenario, ScenarioResult } from '@gpo/scenario';
import { NotAnObject, memberTexts } from './rules.json-slice.js';

const NEWLINE = 10;

/**
 * Runs a scenario over JSON lines `{"key", "value"}`: for each line of input exactly one line of output, in order,
 * as soon as it is known. Lines end at \n only: JSON texts may hold other line separators.
 * @returns how many lines went to no topic.
 */
export async function runLines(scenario: Scenario, input: Readable, output: Writable): Promise<number> {
  let unrouted = 0;
  let rest: Buffer[] = [];
  const answer = async (lines: readonly Buffer[]): Promise<void> => {
    const answers = lines.map((line) => answerLine(scenario, line));
    unrouted += answers.filter(({ routed }) => !routed).length;
    await write(output, answers.map(({ text }) => `${text}\n`).join(''));
  };
  for await (const piece of input) {
    const chunk = piece as Buffer;
    const lines: Buffer[] = [];
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      lines.push(Buffer.concat([...rest, chunk.subarray(from, end)]));
      rest = [];
      from = end + 1;
    }
    if (from < chunk.length) rest.push(chunk.subarray(from));
    if (lines.length > 0) await answer(lines);
  }
  if (rest.length > 0) await answer([Buffer.concat(rest)]);
  return unrouted;
}

/** The answer to one line of input, as one line of JSON. */
export function answerLine(scenario: Scenario, line: Buffer): { text: string; routed: boolean } {
  const unreadable = (why: string): { text: string; routed: boolean } => ({
    text: `{"topic":null,"key":null,"value":null,"error":${JSON.stringify(`The input line is unreadable: ${why}.`)}}`,
    routed: false,
  });
  if (!isUtf8(line)) return unreadable('it is not UTF-8');
  let members: Map<string, string>;
  try {
    members = memberTexts(line.toString('utf8').replace(/^\ufeff/, ''));
  } catch (error) {
    if (!(error instanceof NotAnObject)) throw error;
    return unreadable(error.message);
  }
  const [key, value] = [members.get('key') ?? 'null', members.get('value')];
  if (value === undefined) return unreadable('it has no "value"');
  if (key !== 'null' && !key.startsWith('"')) return unreadable('"key" is neither a text nor null');
  const results = scenario.run(
    { key: JSON.parse(key) as string | null, value: Buffer.from(value) },
    Date.now,
  );
  return {
    text: answerText(key, value, results),
    routed: results.length > 0 && results.every((result) => !('error' in result)),
  };
}

/** A scenario that splits a record answers with its first result and the others in `more`; one that ends it with topic null. */
function answerText(key: string, value: string, results: readonly ScenarioResult[]): string {
  const [first, ...more] = results.map((result) => resultText(key, value, result));
  if (first === undefined) return `{"topic":null,"key":${key},"value":${value}}`;
  if (more.length === 0) return first;
  return `${first.slice(0, -1)},"more":[${more.join(',')}]}`;
}

function resultText(key: string, value: string, result: ScenarioResult): string {
  if ('error' in result) {
    const { error, node } = result;
    return `{"topic":null,"key":${key},"value":${value},"error":${JSON.stringify(error)},"node":${JSON.stringify(node)}}`;
  }
  return `{"topic":${JSON.stringify(result.topic)},"key":${JSON.stringify(result.key)},"value":${result.value}}`;
}

/** Resolves when the text is taken, so that a slow reader slows the input down and nothing piles up. */
async function write(output: Writable, text: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    output.write(text, (error) => (error ? reject(error) : resolve()));
  });
}

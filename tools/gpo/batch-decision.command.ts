import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { CommandFailed } from './command-failed.js';
import { decideApi } from './gateway.api.js';
import { print } from './output.js';

interface TooLate {
  reference_id: string;
  state: string;
  attempt_state: string | null;
}

interface Decided {
  decided_by: string;
  too_late: number;
  too_late_lines: TooLate[];
  unknown: string[];
  next?: number | null;
  [count: string]: unknown;
}

interface Options {
  reason: string;
  by?: string;
  line?: string[];
  lines?: string;
  json?: true;
}

type Verb = 'hold' | 'release' | 'cancel';

/** The counts of each answer, in the order they are printed. */
const COUNTS: Readonly<Record<Verb, readonly string[]>> = {
  hold: ['held', 'already', 'too_late'],
  release: ['released', 'already', 'kept', 'too_late'],
  cancel: ['cancelled', 'already', 'too_late'],
};

/** @param findBatchId batch_id of a batch_id or transaction_id. */
export function addBatchDecisionCommands(
  batch: Command,
  findBatchId: (name: string) => Promise<string>,
): void {
  const add = (verb: Verb, description: string): void => {
    batch
      .command(`${verb} <batch>`)
      .description(`${description} The whole batch, or the lines named. GPO_OPERATOR_TOKEN says who decides.`)
      .requiredOption('--reason <TEXT>', 'why; stands in the history')
      .option('--by <NAME>', 'the person, where the token is not a person of its own')
      .option('--line <REFERENCE...>', 'only these lines, by reference_id')
      .option('--lines <FILE>', 'only the lines in this file, one reference_id a line')
      .option('--json', 'as JSON')
      .action(async (name: string, options: Options) => decide(verb, await findBatchId(name), options));
  };
  add('hold', 'Holds what no lane has claimed, until it is released.');
  add('release', 'Lets held lines go on, at once or at their schedule.');
  add('cancel', 'Ends unpaid, for ever, what no lane has sent; the sender reads the reason.');
}

const LINES_AT_ONCE = 10_000;

/** Asks as often as a long list or a large batch needs; every request may be repeated, so a break in between does no harm. */
async function decide(verb: Verb, batchId: string, options: Options): Promise<void> {
  const references = readReferences(options);
  const sum: Decided = { decided_by: '', too_late: 0, too_late_lines: [], unknown: [] };
  const parts = references === undefined ? [undefined] : chunks(references);
  for (const part of parts) {
    let after: number | null = 0;
    while (after !== null) {
      const answer: Decided = await decideApi<Decided>(
        `/api/v1/batches/${batchId}/${verb}`,
        {
          reason: options.reason,
          ...(options.by === undefined ? {} : { by: options.by }),
          ...(part === undefined ? {} : { reference_ids: part }),
          ...(after === 0 ? {} : { after }),
        },
        'There is no such batch.',
      );
      addUp(sum, answer, COUNTS[verb]);
      after = answer.next ?? null;
    }
  }
  report(verb, batchId, sum, options.json === true);
}

function addUp(sum: Decided, answer: Decided, counts: readonly string[]): void {
  sum.decided_by = answer.decided_by;
  sum.too_late_lines.push(...answer.too_late_lines);
  sum.unknown.push(...answer.unknown);
  for (const count of counts) sum[count] = Number(sum[count] ?? 0) + Number(answer[count]);
}

function report(verb: Verb, batchId: string, sum: Decided, json: boolean): void {
  const counts = Object.fromEntries(COUNTS[verb].map((count) => [count, sum[count]]));
  const { decided_by, too_late_lines, unknown } = sum;
  if (json) print([{ batch_id: batchId, ...counts, decided_by, too_late_lines, unknown }], true);
  else {
    print([{ batch_id: batchId, ...counts, decided_by }], false);
    if (too_late_lines.length > 0)
      print(
        too_late_lines.map(({ reference_id, ...line }) => ({ too_late: reference_id, ...line })),
        false,
      );
  }
  if (unknown.length > 0)
    throw new CommandFailed(`The batch has no such lines: ${unknown.slice(0, 20).join(', ')}`, 2);
}

function readReferences({ line, lines }: Options): string[] | undefined {
  if (line === undefined && lines === undefined) return undefined;
  const listed = lines === undefined ? [] : readFileSync(lines, 'utf8').split(/\r?\n/);
  const references = [...(line ?? []), ...listed].filter((reference) => reference !== '');
  // An empty file must not mean the whole batch.
  if (references.length === 0) throw new CommandFailed('The file names no line; nothing was decided.', 1);
  return references;
}

function chunks(references: readonly string[]): string[][] {
  const parts: string[][] = [];
  for (let from = 0; from < references.length; from += LINES_AT_ONCE)
    parts.push(references.slice(from, from + LINES_AT_ONCE));
  return parts;
}

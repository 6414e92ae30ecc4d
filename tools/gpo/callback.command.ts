import type { Command } from 'commander';
import { CommandFailed } from './command-failed.js';
import { decideApi, readApi } from './gateway.api.js';
import { print, wholeNumber } from './output.js';

interface Callback {
  callback_id: string;
  verb: string;
  sender_id: string;
  batch_id: string | null;
  question_id: string | null;
  version: number;
  state: string;
  items: number;
  tries: number;
  created_at: string;
  next_at: string | null;
  delivered_at: string | null;
  failed_at: string | null;
  last_error: string | null;
}

interface Detail extends Callback {
  tries_ended: Record<string, unknown>[];
  further_waits_seconds: number[];
  resends: Record<string, unknown>[];
}

interface ListOptions {
  state?: string;
  sender?: string;
  batch?: string;
  after?: string;
  limit: number;
  json?: true;
}

interface ResendOptions {
  sender?: string;
  reason: string;
  json?: true;
}

const MISSING = 'There is no such callback; see callback list.';

export function addCallbackCommands(program: Command): void {
  const callback = program
    .command('callback')
    .description('What senders are told, and whether they took it.');
  callback
    .command('list')
    .description('Callbacks, newest first.')
    .option('--state <STATE>', 'waiting, pending, delivered or failed')
    .option('--sender <SENDER>', 'only to this sender')
    .option('--batch <BATCH>', 'only of this batch_id')
    .option('--after <NEXT>', 'what the page before said')
    .option('--limit <N>', 'how many', wholeNumber, 20)
    .option('--json', 'as JSON')
    .action((options: ListOptions) => list(options));
  callback
    .command('show <callback>')
    .description('One callback: every try with its answer, when the next is due, who had it sent again.')
    .option('--json', 'as JSON')
    .action((id: string, options: { json?: true }) => show(id, options.json === true));
  callback
    .command('resend [callback...]')
    .description('Makes callbacks due now. GPO_OPERATOR_TOKEN says who decides.')
    .option('--sender <SENDER>', 'every failed one of this sender')
    .requiredOption('--reason <TEXT>', 'why; stands in the history')
    .option('--json', 'as JSON')
    .action((ids: string[], options: ResendOptions) => resend(ids, options));
}

async function list({ state, sender, batch, after, limit, json }: ListOptions): Promise<void> {
  const given = { state, sender_id: sender, batch_id: batch, after, limit: String(limit) };
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(given)) if (value !== undefined) query.set(name, value);
  const page = await readApi<{ callbacks: Callback[]; next: string | null }>(
    `/api/v1/callbacks?${query.toString()}`,
    MISSING,
  );
  print(json === true ? page.callbacks.map((one) => ({ ...one })) : page.callbacks.map(row), json === true);
  if (page.next !== null) process.stderr.write(`There are more: --after ${page.next}\n`);
}

function row(one: Callback): Record<string, unknown> {
  return {
    callback: one.callback_id,
    verb: one.verb,
    sender: one.sender_id,
    of: one.batch_id === null ? `question ${one.question_id ?? ''}` : `batch ${one.batch_id}/${one.version}`,
    state: one.state,
    items: one.items,
    tries: one.tries,
    since: one.created_at,
    next_or_end: one.delivered_at ?? one.failed_at ?? one.next_at ?? '',
    last_error: one.last_error ?? '',
  };
}

async function show(id: string, json: boolean): Promise<void> {
  const found = await readApi<Detail>(`/api/v1/callbacks/${encodeURIComponent(id)}`, MISSING);
  if (json) return print([{ ...found }], true);
  const { tries_ended: tries, resends, ...fields } = found;
  print(
    Object.entries(fields).map(([field, value]) => ({ field, value })),
    false,
  );
  for (const rows of [tries, resends]) {
    if (rows.length === 0) continue;
    process.stdout.write('\n');
    print(rows, false);
  }
}

async function resend(ids: string[], { sender, reason, json }: ResendOptions): Promise<void> {
  if ((ids.length === 0) === (sender === undefined))
    throw new CommandFailed('Name callbacks, or say --sender for every failed one of a sender.', 1);
  if (sender !== undefined) {
    const path = '/api/v1/operator/callbacks/resend-failed';
    const done = await decideApi<Record<string, unknown>>(path, { sender_id: sender, reason }, MISSING);
    print([{ sender, ...done }], json === true);
    return;
  }
  const results: Record<string, unknown>[] = [];
  const failures: CommandFailed[] = [];
  for (const id of ids) {
    const path = `/api/v1/operator/callbacks/${encodeURIComponent(id)}/resend`;
    try {
      const done = await decideApi<Record<string, unknown>>(path, { reason }, `${id}: ${MISSING}`);
      results.push({ callback: id, ...done, problem: '' });
    } catch (error) {
      if (!(error instanceof CommandFailed)) throw error;
      failures.push(error);
      results.push({ callback: id, resent: 0, resent_by: '', problem: error.message });
    }
  }
  print(results, json === true);
  const [failure] = failures;
  if (failure !== undefined)
    throw new CommandFailed(
      `${failures.length} of ${ids.length} not sent again: ${failure.message}`,
      failure.exitCode,
    );
}

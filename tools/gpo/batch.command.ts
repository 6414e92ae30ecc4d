import type { Command } from 'commander';
import { UUID } from '@gpo/g2p-connect-schemas';
import { addBatchDecisionCommands } from './batch-decision.command.js';
import { addCloseOutCommands } from './close-out.command.js';
import { CommandFailed } from './command-failed.js';
import { readApi } from './gateway.api.js';
import { print, wholeNumber } from './output.js';

interface Batch {
  batch_id: string;
  sender_id: string;
  transaction_id: string;
  received_at: string;
  completed_at: string | null;
  total_count: number;
  held_by: string | null;
  states: Record<string, { count: number; amounts: { currency_code: string; amount: string }[] }>;
}

export function addBatchCommands(program: Command): void {
  const batch = program.command('batch').description('Batches and their lines.');
  batch
    .command('list')
    .description('The newest batches.')
    .option('--limit <N>', 'how many', wholeNumber, 20)
    .option('--json', 'as JSON')
    .action(async (options: { limit: number; json?: true }) => {
      const { batches } = await read<{ batches: Batch[] }>(`/api/v1/batches?limit=${options.limit}`);
      print(
        options.json === true ? batches.map((one) => ({ ...one })) : batches.map(row),
        options.json === true,
      );
    });
  batch
    .command('show <batch>')
    .description('One batch, by batch_id or transaction_id: counts and amounts per state.')
    .option('--json', 'as JSON')
    .action(async (name: string, options: { json?: true }) => {
      const found = await find(name);
      if (options.json === true) return print([{ ...found }], true);
      print([row(found)], false);
      print(stateRows(found), false);
    });
  const findId = async (name: string): Promise<string> => (await find(name)).batch_id;
  addBatchDecisionCommands(batch, findId);
  addCloseOutCommands(batch, findId);
}

async function find(name: string): Promise<Batch> {
  if (UUID.test(name)) {
    const byId = await read<Batch>(`/api/v1/batches/${name}`).catch((error: unknown) => {
      if (error instanceof CommandFailed && error.exitCode === 2) return undefined;
      throw error;
    });
    if (byId !== undefined) return byId;
  }
  const { batches } = await read<{ batches: Batch[] }>(
    `/api/v1/batches?transaction_id=${encodeURIComponent(name)}`,
  );
  const [batch] = batches;
  if (batch === undefined) throw new CommandFailed(`There is no batch "${name}".`, 2);
  return batch;
}

function row({
  batch_id,
  sender_id,
  transaction_id,
  total_count,
  received_at,
  completed_at,
  held_by,
}: Batch): Record<string, unknown> {
  return {
    batch_id,
    sender_id,
    transaction_id,
    lines: total_count,
    received_at,
    completed_at: completed_at ?? 'open',
    held_by: held_by ?? '',
  };
}

function stateRows({ states }: Batch): Record<string, unknown>[] {
  return Object.entries(states)
    .filter(([, { count }]) => count > 0)
    .map(([state, { count, amounts }]) => ({
      state,
      lines: count,
      amount: amounts.map(({ amount, currency_code }) => `${amount} ${currency_code}`).join(', '),
    }));
}

function read<T>(path: string): Promise<T> {
  return readApi<T>(path, 'There is no such batch.');
}

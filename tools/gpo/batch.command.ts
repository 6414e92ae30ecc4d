import type { Command } from 'commander';
import { addBatchDecisionCommands } from './batch-decision.command.js';
import { findBatch, findBatchId, readBatches, type Batch } from './batch.find.js';
import { addCloseOutCommands } from './close-out.command.js';
import { print, wholeNumber } from './output.js';
import { addPurgeCommand } from './purge.command.js';

export function addBatchCommands(program: Command): void {
  const batch = program.command('batch').description('Batches and their lines.');
  batch
    .command('list')
    .description('The newest batches.')
    .option('--limit <N>', 'how many', wholeNumber, 20)
    .option('--json', 'as JSON')
    .action(async (options: { limit: number; json?: true }) => {
      const { batches } = await readBatches<{ batches: Batch[] }>(`/api/v1/batches?limit=${options.limit}`);
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
      const found = await findBatch(name);
      if (options.json === true) return print([{ ...found }], true);
      print([row(found)], false);
      print(stateRows(found), false);
    });
  addBatchDecisionCommands(batch, findBatchId);
  addCloseOutCommands(batch, findBatchId);
  addPurgeCommand(batch);
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

import type { Command } from 'commander';
import { CommandFailed } from './command-failed.js';
import { decideApi, readApi } from './gateway.api.js';
import { print } from './output.js';

interface Hold {
  disbursement_id: string;
  transaction_id: string;
  reference_id: string;
  payee_fa: string;
  amount: string;
  currency_code: string;
  lane: string;
  reason: string;
  held_at: string;
}

interface Disbursement {
  history: Record<string, unknown>[];
  [field: string]: unknown;
}

const MISSING = 'There is no such disbursement; see hold list.';

export function addHoldCommands(program: Command): void {
  const hold = program
    .command('hold')
    .description('Disbursements that wait for an operator before money moves.');
  hold
    .command('list')
    .description('What is on hold, longest waiting first.')
    .option('--limit <N>', 'how many', '100')
    .option('--json', 'as JSON')
    .action(async (options: { limit: string; json?: true }) => {
      const path = `/api/v1/holds?limit=${encodeURIComponent(options.limit)}`;
      const { holds, next } = await readApi<{ holds: Hold[]; next: string | null }>(path, MISSING);
      print(options.json === true ? holds.map((one) => ({ ...one })) : holds.map(row), options.json === true);
      if (next !== null) process.stderr.write('There are more; use --limit.\n');
    });
  hold
    .command('show <disbursement>')
    .description('One disbursement: why it is on hold, and everything that happened to it.')
    .option('--json', 'as JSON')
    .action(async (id: string, options: { json?: true }) => {
      const found = await readApi<Disbursement>(`/api/v1/disbursements/${encodeURIComponent(id)}`, MISSING);
      if (options.json === true) return print([found], true);
      const { history, attempts, hold: held, ...fields } = found;
      print(
        Object.entries({ ...fields, hold: held, attempts }).map(([field, value]) => ({ field, value })),
        false,
      );
      print(history, false);
    });
  addDecision(hold, 'release', 'Lets them go on to their lanes. They are never held again.');
  addDecision(hold, 'cancel', 'Ends them unpaid, for ever; the sender reads the reason.');
}

/** Both decisions need words, and say of each disbursement what became of it. */
function addDecision(hold: Command, verb: 'release' | 'cancel', description: string): void {
  hold
    .command(`${verb} <disbursement...>`)
    .description(`${description} GPO_OPERATOR_TOKEN says who decides.`)
    .requiredOption('--reason <TEXT>', 'why; stands in the history')
    .option('--json', 'as JSON')
    .action(async (ids: string[], options: { reason: string; json?: true }) => {
      const results: Record<string, unknown>[] = [];
      const failures: CommandFailed[] = [];
      for (const id of ids) {
        const path = `/api/v1/operator/disbursements/${encodeURIComponent(id)}/${verb}`;
        try {
          const { disbursement_id, state, decided_by } = await decideApi<Record<string, unknown>>(
            path,
            { reason: options.reason },
            `${id}: ${MISSING}`,
          );
          results.push({ disbursement_id, state, decided_by, problem: '' });
        } catch (error) {
          if (!(error instanceof CommandFailed)) throw error;
          failures.push(error);
          results.push({ disbursement_id: id, state: '', decided_by: '', problem: error.message });
        }
      }
      print(results, options.json === true);
      const [failure] = failures;
      if (failure !== undefined)
        throw new CommandFailed(
          `${failures.length} of ${ids.length} not done: ${failure.message}`,
          failure.exitCode,
        );
    });
}

function row(hold: Hold): Record<string, unknown> {
  const { disbursement_id, transaction_id, payee_fa, amount, currency_code, lane, reason, held_at } = hold;
  return {
    disbursement_id,
    batch: transaction_id,
    payee: payee_fa,
    amount: `${amount} ${currency_code}`,
    lane,
    reason,
    since: held_at,
  };
}

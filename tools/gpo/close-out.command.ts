import type { Command } from 'commander';
import { decideApi, readApi } from './gateway.api.js';
import { print } from './output.js';

interface Event {
  nth: number;
  event: string;
  at: string;
  actor: string;
  reason: string;
  document: string | null;
  signature: string | null;
}

interface Options {
  reason: string;
  acceptUnmatched?: string;
  json?: true;
}

const MISSING = 'There is no such batch.';

/** @param findBatchId batch_id of a batch_id or transaction_id. */
export function addCloseOutCommands(batch: Command, findBatchId: (name: string) => Promise<string>): void {
  batch
    .command('close <batch>')
    .description(
      'Closes a batch whose lines are final, matched with statements and without open breaks; signed. GPO_OPERATOR_TOKEN says who decides.',
    )
    .requiredOption('--reason <TEXT>', 'stands in the close-out')
    .option('--accept-unmatched <TEXT>', 'why payments that no statement told may be left at that')
    .option('--json', 'as JSON')
    .action(async (name: string, { reason, acceptUnmatched, json }: Options) => {
      const body = {
        reason,
        ...(acceptUnmatched === undefined ? {} : { accept_unmatched: acceptUnmatched }),
      };
      show([await decide(await findBatchId(name), 'close', body)], json === true);
    });
  batch
    .command('reopen <batch>')
    .description('Opens a closed batch; name and reason are kept.')
    .requiredOption('--reason <TEXT>', 'why')
    .option('--json', 'as JSON')
    .action(async (name: string, { reason, json }: Options) => {
      show([await decide(await findBatchId(name), 'reopen', { reason })], json === true);
    });
  batch
    .command('close-outs <batch>')
    .description('When a batch was closed and opened again, by whom and why.')
    .option('--json', 'as JSON, with what was signed')
    .action(async (name: string, { json }: { json?: true }) => {
      const path = `/api/v1/batches/${await findBatchId(name)}/close-outs`;
      show((await readApi<{ close_outs: Event[] }>(path, MISSING)).close_outs, json === true);
    });
}

function decide(batchId: string, verb: 'close' | 'reopen', body: object): Promise<Event> {
  return decideApi<Event>(`/api/v1/operator/batches/${batchId}/${verb}`, body, MISSING);
}

function show(events: readonly Event[], json: boolean): void {
  const rows = events.map(({ document, signature, ...event }) =>
    json ? { ...event, document, signature } : event,
  );
  print(rows, json);
}

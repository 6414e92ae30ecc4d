import { basename } from 'node:path';
import type { Command } from 'commander';
import { UUID } from '@gpo/g2p-connect-schemas';
import {
  importStatements,
  readAccountStatus,
  readBreaks,
  settleBreak,
  type BreakFilter,
} from '@gpo/reconciliation';
import { CommandFailed } from './command-failed.js';
import { addPositionsCommand } from './positions.command.js';
import { print, wholeNumber } from './output.js';
import { fromRecord } from './record.js';
import { readStatementFile, unusable } from './statement.file.js';

interface ImportOptions {
  lane: string;
  by: string;
  account?: string;
  mapping?: string;
  json?: true;
}

export function addReconcileCommands(program: Command): void {
  const reconcile = program
    .command('reconcile')
    .description('What rails say that they paid, beside what the record says; docs/statements.md.');
  reconcile
    .command('import <file>')
    .description(
      'Keeps the bookings of a camt.053, camt.054, MT940 or CSV list, and finds the attempt of each. Importing it again changes nothing.',
    )
    .requiredOption('--lane <LANE>', 'the lane that pays from its account')
    .requiredOption('--by <NAME>', 'who imports')
    .option(
      '--account <ACCOUNT>',
      'the account that it is of, where the file names it otherwise than the lane does',
    )
    .option('--mapping <FILE>', 'how the columns of a CSV list are to be read')
    .option('--json', 'as JSON')
    .action(importFile);
  reconcile
    .command('status')
    .description(
      'Each account of which there are statements: days, sums, and how many bookings found no attempt.',
    )
    .option('--lane <LANE>', 'only this lane')
    .option('--json', 'as JSON')
    .action(status);
  reconcile
    .command('breaks')
    .description('What the rails and the record do not agree about and nobody has settled, the oldest first.')
    .option('--lane <LANE>', 'only this lane')
    .option('--limit <N>', 'how many', wholeNumber, 100)
    .option('--json', 'as JSON')
    .action(breaks);
  addPositionsCommand(reconcile);
  reconcile
    .command('settle <break>')
    .description('Says why a break needs nobody any more. Name and reason are kept.')
    .requiredOption('--by <NAME>', 'who decides')
    .requiredOption('--reason <TEXT>', 'why')
    .action(async (id: string, { by: actor, reason }: { by: string; reason: string }) => {
      const settled =
        UUID.test(id) &&
        (await fromRecord((record) => settleBreak(record, id, { actor, reason }), { migrate: true }));
      if (!settled) throw new CommandFailed(`There is no open break "${id}".`, 2);
      process.stdout.write('Settled.\n');
    });
}

async function status({ lane, json }: { lane?: string; json?: true }): Promise<void> {
  const accounts = await fromRecord((record) => readAccountStatus(record, lane), { migrate: true });
  print(
    accounts.map((account) => ({ ...account })),
    json === true,
  );
}

async function breaks({ lane, limit, json }: { lane?: string; limit: number; json?: true }): Promise<void> {
  const filter: BreakFilter = { state: 'open', limit };
  if (lane !== undefined) filter.lane = lane;
  const found = await fromRecord((record) => readBreaks(record, filter), { migrate: true });
  print(
    found.map((row) => ({ ...row })),
    json === true,
  );
}

async function importFile(
  file: string,
  { lane, by: actor, account, mapping, json }: ImportOptions,
): Promise<void> {
  const { bytes, ...statements } = await readStatementFile(file, mapping);
  const source = {
    lane,
    fileName: basename(file),
    bytes,
    actor,
    ...(account === undefined ? {} : { account }),
  };
  try {
    const imported = await fromRecord((record) => importStatements(record, statements, source), {
      migrate: true,
    });
    print([{ ...imported }], json === true);
  } catch (error) {
    throw unusable(file, error);
  }
}

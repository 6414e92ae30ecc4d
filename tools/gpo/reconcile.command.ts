import { basename } from 'node:path';
import type { Command } from 'commander';
import { currencyExponent, formatAmount, UUID } from '@gpo/g2p-connect-schemas';
import {
  importStatements,
  readAccountStatus,
  readOpenBreaks,
  settleBreak,
  type OpenBreak,
} from '@gpo/reconciliation';
import { CommandFailed } from './command-failed.js';
import { print, wholeNumber } from './output.js';
import { fromRecord } from './record.js';
import { readStatementFile, unusable } from './statement.file.js';

interface ImportOptions {
  lane: string;
  by: string;
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
    .action(async ({ lane, limit, json }: { lane?: string; limit: number; json?: true }) => {
      const breaks = await fromRecord((record) => readOpenBreaks(record, lane, limit), { migrate: true });
      print(breaks.map(breakRow), json === true);
    });
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
  const rows = accounts.map(({ debits_minor, credits_minor, ...account }) => {
    const { currency_code: currency } = account;
    return { ...account, debits: decimal(debits_minor, currency), credits: decimal(credits_minor, currency) };
  });
  print(rows, json === true);
}

function breakRow({ expected_minor, actual_minor, ...row }: OpenBreak): Record<string, unknown> {
  const { currency_code: currency } = row;
  return {
    ...row,
    expected: expected_minor === null ? null : decimal(expected_minor, currency),
    actual: actual_minor === null ? null : decimal(actual_minor, currency),
  };
}

function decimal(minor: string, currency: string): string {
  return formatAmount(BigInt(minor), currencyExponent(currency) ?? 0);
}

async function importFile(file: string, { lane, by: actor, mapping, json }: ImportOptions): Promise<void> {
  const { bytes, ...statements } = await readStatementFile(file, mapping);
  const source = { lane, fileName: basename(file), bytes, actor };
  try {
    const imported = await fromRecord((record) => importStatements(record, statements, source), {
      migrate: true,
    });
    print([{ ...imported }], json === true);
  } catch (error) {
    throw unusable(file, error);
  }
}

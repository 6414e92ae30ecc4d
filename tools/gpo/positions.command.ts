import type { Command } from 'commander';
import { dayText } from '@gpo/g2p-connect-schemas';
import { readPositions, type PositionQuery } from '@gpo/reconciliation';
import { CommandFailed } from './command-failed.js';
import { readDay } from './day.js';
import { print } from './output.js';
import { fromRecord } from './record.js';

const DAY_MS = 86_400_000;
const DAYS_BEFORE = 6;

interface Options {
  lane?: string;
  account?: string;
  from?: string;
  to?: string;
  json?: true;
}

export function addPositionsCommand(reconcile: Command): void {
  reconcile
    .command('positions')
    .description(
      'Each account day by day: opening, paid, returned, what else moved, closing, what is in flight, and what the bank closed with.',
    )
    .option('--lane <LANE>', 'only this lane')
    .option('--account <ACCOUNT>', 'only this account')
    .option('--from <YYYY-MM-DD>', 'the first day (UTC); default six days before the last')
    .option('--to <YYYY-MM-DD>', 'the last day (UTC); default today')
    .option('--json', 'as JSON')
    .action(positions);
}

async function positions({ lane, account, from, to, json }: Options): Promise<void> {
  const last = to === undefined ? dayText(Date.now()) : readDay('--to', to);
  const first =
    from === undefined ? dayText(Date.parse(last) - DAYS_BEFORE * DAY_MS) : readDay('--from', from);
  if (first > last) throw new CommandFailed('--from must not be after --to.', 2);
  const query: PositionQuery = { from: first, to: last };
  if (lane !== undefined) query.lane = lane;
  if (account !== undefined) query.account = account;
  const rows = await fromRecord((record) => readPositions(record, query), { migrate: true });
  print(
    rows.map((row) => ({ ...row })),
    json === true,
  );
}

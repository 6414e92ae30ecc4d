import type { Command } from 'commander';
import { readPositions, type PositionQuery } from '@gpo/reconciliation';
import { CommandFailed } from './command-failed.js';
import { print } from './output.js';
import { fromRecord } from './record.js';

const DAY = /^\d{4}-\d{2}-\d{2}$/;
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
  const last = readDay('--to', to) ?? new Date().toISOString().slice(0, 10);
  const first = readDay('--from', from) ?? dayText(Date.parse(last) - DAYS_BEFORE * DAY_MS);
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

function readDay(option: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (!DAY.test(text) || Number.isNaN(Date.parse(text)) || dayText(Date.parse(text)) !== text)
    throw new CommandFailed(`${option} must be a day such as 2026-03-31.`, 2);
  return text;
}

function dayText(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import {
  readStatements,
  type Balance,
  type Booking,
  type CsvMapping,
  type StatementFile,
} from '@gpo/statements';
import { UnreadableFile } from '@gpo/xml';
import { CommandFailed } from './command-failed.js';
import { print } from './output.js';

export function addStatementCommands(program: Command): void {
  program
    .command('statement')
    .description('Statements of banks and other rails, as their files have them; docs/statements.md.')
    .command('show <file>')
    .description(
      'What a camt.053, camt.054, MT940 or (with a mapping) CSV file says: accounts, balances, bookings.',
    )
    .option('--mapping <FILE>', 'how the columns of a CSV list are to be read, as JSON')
    .option('--json', 'as JSON')
    .action(show);
}

async function show(file: string, { mapping, json }: { mapping?: string; json?: true }): Promise<void> {
  const { form, statements } = await read(file, mapping);
  if (json === true)
    return print(
      statements.map((statement) => ({ form, ...statement })),
      true,
    );
  for (const { bookings, opening, closing, ...head } of statements) {
    const balances = { opening: balanceText(opening), closing: balanceText(closing) };
    print([{ form, ...head, ...balances, bookings: bookings.length }], false);
    if (bookings.length > 0) print(bookings.map(bookingRow), false);
  }
}

function balanceText(balance: Balance | undefined): string {
  return balance === undefined ? '' : `${balance.amount} ${balance.currency}`;
}

function bookingRow({ bookedOn, direction, amount, currency, ...booking }: Booking): Record<string, unknown> {
  return {
    booked_on: bookedOn,
    ...{ direction, amount, currency, reference: booking.reference, end_to_end_id: booking.endToEndId },
    ...{ code: booking.code, lines: booking.group?.lines },
  };
}

async function read(file: string, mappingFile: string | undefined): Promise<StatementFile> {
  const bytes = await bytesOf(file);
  const mapping = mappingFile === undefined ? undefined : mappingOf(mappingFile, await bytesOf(mappingFile));
  try {
    return await readStatements(bytes, mapping);
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    throw new CommandFailed(`${file} cannot be used: ${error.message}.`, 1, { cause: error });
  }
}

async function bytesOf(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new CommandFailed(`${file} cannot be read.`, 2, { cause });
  }
}

const TEXTS = ['amount', 'bookedOn'] as const;

function mappingOf(file: string, bytes: Buffer): CsvMapping {
  const refuse = (why: string, cause?: unknown): never => {
    throw new CommandFailed(`${file} is no mapping: ${why}; docs/statements.md shows one.`, 1, { cause });
  };
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    return refuse('it is no JSON', cause);
  }
  const mapping = (value ?? {}) as Record<string, unknown>;
  for (const name of TEXTS)
    if (typeof mapping[name] !== 'string') return refuse(`${name} must name a column`);
  for (const name of ['account', 'currency', 'direction'])
    if (mapping[name] === undefined) return refuse(`${name} is missing`);
  return mapping as Partial<CsvMapping> as CsvMapping;
}

import type { Command } from 'commander';
import type { Balance, Booking } from '@gpo/statements';
import { print } from './output.js';
import { readStatementFile } from './statement.file.js';

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
  const { form, statements } = await readStatementFile(file, mapping);
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

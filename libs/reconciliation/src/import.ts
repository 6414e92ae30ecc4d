import { createHash } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { currencyExponent, parseAmount } from '@gpo/g2p-connect-schemas';
import { inTransaction, type Sql } from '@gpo/persistence';
import type { Balance, Booking, Statement, StatementFile } from '@gpo/statements';
import { UnreadableFile } from '@gpo/xml';
import { BookingIds, railIdOf, statementId } from './booking-id.js';
import { findBreaks } from './breaks.js';
import { requireAccounts } from './lane-account.js';
import { matchBookings } from './match.js';

export interface ImportSource {
  lane: string;
  fileName: string;
  bytes: Uint8Array;
  /** Who imports. */
  actor: string;
  /** The account that the statements are of, where they name it otherwise than the lane's settings. */
  account?: string;
}

export interface Imported {
  statements: number;
  /** Bookings that were not known. */
  bookings: number;
  /** Bookings that an earlier file told. */
  known: number;
  /** Bookings of this lane that found their attempt now. */
  matched: number;
  /** Breaks of this lane that were found now, and that have an explanation now. */
  opened: number;
  explained: number;
}

/**
 * Keeps what the file says, all of it or nothing, and finds the attempts of its bookings. The same file again, or the same booking in
 * another file, changes nothing.
 * @throws UnreadableFile for an amount or a balance that cannot be, naming the booking.
 */
export function importStatements(
  record: DataSource,
  file: StatementFile,
  source: ImportSource,
): Promise<Imported> {
  const digest = createHash('sha256').update(source.bytes).digest();
  const { account } = source;
  const statements = file.statements.map((one) => (account === undefined ? one : { ...one, account }));
  const rows = statements.map((statement, nth) => rowsOf(statement, source.lane, digest, nth));
  return inTransaction(record, async (sql) => {
    if (account === undefined) await requireAccounts(sql, source.lane, statements);
    await keepFile(sql, digest, source.bytes);
    const imported: Imported = { statements: 0, bookings: 0, known: 0, matched: 0, opened: 0, explained: 0 };
    for (const [index, statement] of statements.entries()) {
      const { id, bookings } = rows[index]!;
      if (!(await keepStatement(sql, { id, statement, form: file.form, digest }, source))) {
        imported.known += bookings.length;
        continue;
      }
      const kept = await keepBookings(sql, id, source.lane, statement.account, bookings);
      imported.statements += 1;
      imported.bookings += kept;
      imported.known += bookings.length - kept;
    }
    imported.matched = await matchBookings(sql, source.lane);
    return { ...imported, ...(await findBreaks(sql, source.lane)) };
  });
}

/** The file itself, for auditors: what is told of it can be read again. */
async function keepFile(sql: Sql, digest: Buffer, bytes: Uint8Array): Promise<void> {
  await sql.query('INSERT INTO statement_file (file_digest, bytes) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
    digest,
    Buffer.from(bytes),
  ]);
}

interface BookingRow {
  id: string;
  /** What the payment is compared by: what moved, where that is in the currency of the payment. */
  minor: bigint;
  moved: { minor: bigint; currency: string };
  booking: Booking;
}

function rowsOf(
  statement: Statement,
  lane: string,
  digest: Buffer,
  nth: number,
): { id: string; bookings: BookingRow[] } {
  const ids = new BookingIds(lane, statement.account);
  const bookings = statement.bookings
    .filter(({ booked }) => booked)
    .map((booking, index) => {
      const where = `booking ${index + 1} of statement ${nth + 1}`;
      const told = bookedMinor(booking, where);
      const { currency } = booking.moved ?? booking;
      const moved = {
        minor: booking.moved === undefined ? told : bookedMinor(booking.moved, where),
        currency,
      };
      const minor = currency === booking.currency ? moved.minor : told;
      return { id: ids.next(booking, minor), minor, moved, booking };
    });
  return { id: statementId(lane, digest.toString('hex'), statement.account, statement.id, nth), bookings };
}

function bookedMinor({ amount, currency }: { amount: string; currency: string }, where: string): bigint {
  const parsed = parseAmount(amount, currency);
  if (!parsed.ok) throw new UnreadableFile(`${where}: ${amount} ${currency} is no amount`);
  return parsed.minor;
}

/** @returns false where this statement of this file is known. */
async function keepStatement(
  sql: Sql,
  { id, statement, form, digest }: { id: string; statement: Statement; form: string; digest: Buffer },
  { lane, fileName, actor }: ImportSource,
): Promise<boolean> {
  const { opening, closing } = statement;
  const rows = await sql.query<unknown[]>(
    `INSERT INTO statement (statement_id, lane, account, name, form, whole, file_name, file_digest, currency_code, opening_minor,
                            opening_on, closing_minor, closing_on, bookings, imported_by)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT DO NOTHING RETURNING 1`,
    [
      ...[id, lane, statement.account, statement.id, form, statement.whole, fileName, digest],
      ...[(opening ?? closing)?.currency ?? null, minorOf(opening), opening?.on ?? null],
      ...[minorOf(closing), closing?.on ?? null, statement.bookings.length, actor],
    ],
  );
  return rows.length > 0;
}

/** A balance may be nothing or less, unlike an amount that is paid. */
function minorOf(balance: Balance | undefined): string | null {
  if (balance === undefined) return null;
  const exponent = currencyExponent(balance.currency);
  const [, sign, whole, fraction = ''] = /^(-?)(\d{1,15})(?:\.(\d{0,4}))?$/.exec(balance.amount) ?? [];
  if (exponent === undefined || whole === undefined || /[^0]/.test(fraction.slice(exponent)))
    throw new UnreadableFile(`the balance ${balance.amount} ${balance.currency} is no amount`);
  return `${sign}${BigInt(whole + fraction.slice(0, exponent).padEnd(exponent, '0'))}`;
}

async function keepBookings(
  sql: Sql,
  statement: string,
  lane: string,
  account: string,
  rows: readonly BookingRow[],
): Promise<number> {
  const of = <T>(read: (booking: Booking) => T | undefined): (T | null)[] =>
    rows.map(({ booking }) => read(booking) ?? null);
  const kept = await sql.query<unknown[]>(
    `INSERT INTO booking (booking_id, statement_id, lane, account, direction, reversal, amount_minor, currency_code, booked_on,
                          value_on, reference, end_to_end_id, rail_id, code, message, group_name, group_lines, account_minor, account_currency)
     SELECT u.id, $1, $2, $3, u.direction, u.reversal, u.minor, u.currency, u.booked_on, u.value_on, u.reference, u.end_to_end,
            u.rail_id, u.code, u.message, u.group_name, u.lines, u.moved, u.moved_currency
       FROM unnest($4::uuid[], $5::text[], $6::boolean[], $7::bigint[], $8::text[], $9::date[], $10::date[], $11::text[], $12::text[],
                   $13::uuid[], $14::text[], $15::text[], $16::text[], $17::int[], $18::bigint[], $19::text[])
         AS u (id, direction, reversal, minor, currency, booked_on, value_on, reference, end_to_end, rail_id, code, message, group_name, lines,
               moved, moved_currency)
     ON CONFLICT DO NOTHING RETURNING 1`,
    [
      ...[
        statement,
        lane,
        account,
        rows.map(({ id }) => id),
        of(({ direction }) => direction),
        of(({ reversal }) => reversal),
      ],
      ...[
        rows.map(({ minor }) => minor.toString()),
        of(({ currency }) => currency),
        of(({ bookedOn, valueOn }) => bookedOn ?? valueOn),
      ],
      ...[of(({ valueOn }) => valueOn), of(({ reference }) => reference), of(({ endToEndId }) => endToEndId)],
      ...[of(({ endToEndId }) => railIdOf(endToEndId)), of(({ code }) => code), of(({ text }) => text)],
      of(({ group }) => group?.paymentInformationId ?? group?.messageId),
      of(({ group }) => group?.lines),
      rows.map(({ moved }) => moved.minor.toString()),
      rows.map(({ moved }) => moved.currency),
    ],
  );
  return kept.length;
}

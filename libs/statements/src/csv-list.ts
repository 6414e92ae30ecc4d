import { parse } from 'csv-parse/sync';
import { UnreadableFile } from '@gpo/xml';
import type { Booking, Statement } from './statement.js';

/** How the columns of a list are to be read; every name is one of its head line. */
export interface CsvMapping {
  /** Account that all rows belong to, or the column that names it. */
  account: string | { column: string };
  /** Currency of all rows, or the column that names it. */
  currency: string | { column: string };
  amount: string;
  /** What all rows are, or the column that says it and its word for a debit; `sign`: a debit is negative. */
  direction: 'debit' | 'credit' | 'sign' | { column: string; debit: string };
  bookedOn: string;
  /** Order of the parts of a date; what separates them does not matter. Default YMD. */
  dateOrder?: 'YMD' | 'DMY' | 'MDY';
  /** Default a comma. */
  delimiter?: string;
  /** Default a point. */
  decimalSign?: '.' | ',';
  reference?: string;
  endToEndId?: string;
  /** Only rows whose column has one of these words. */
  only?: { column: string; values: string[] };
}

/**
 * A list of payments as CSV with a head line, such as a mobile money operator offers: one statement for each account in it,
 * never a whole one, because a list has no balances.
 * @throws UnreadableFile that names the row.
 */
export function readCsvList(bytes: Uint8Array, mapping: CsvMapping): Statement[] {
  let rows: Record<string, string>[];
  try {
    rows = parse(Buffer.from(bytes), {
      columns: true,
      bom: true,
      trim: true,
      skip_empty_lines: true,
      delimiter: mapping.delimiter ?? ',',
    });
  } catch (cause) {
    throw new UnreadableFile('it is no CSV with as many columns in every row', { cause });
  }
  const statements = new Map<string, Statement>();
  rows.forEach((row, index) => {
    const column = new Row(row, index + 2);
    if (mapping.only !== undefined && !mapping.only.values.includes(column.of(mapping.only.column))) return;
    const account = column.either(mapping.account).replaceAll(' ', '');
    const statement = statements.get(account) ?? { id: '', account, whole: false, bookings: [] };
    statements.set(account, statement);
    statement.bookings.push(bookingOf(column, mapping));
  });
  return [...statements.values()];
}

class Row {
  constructor(
    private readonly row: Readonly<Record<string, string>>,
    /** As an editor counts, the head line being 1. */
    private readonly line: number,
  ) {}

  of(name: string): string {
    const value = this.row[name];
    if (value === undefined) throw new UnreadableFile(`it has no column ${name}`);
    return value;
  }

  either(value: string | { column: string }): string {
    return typeof value === 'string' ? value : this.of(value.column);
  }

  refuse(what: string): never {
    throw new UnreadableFile(`row ${this.line}: ${what}`);
  }
}

const AMOUNT = /^(-?)(\d{1,15}(?:\.\d{1,4})?)$/;

function bookingOf(row: Row, mapping: CsvMapping): Booking {
  const written = row.of(mapping.amount);
  // Thousands are grouped by the other sign, a blank or an apostrophe.
  const plain =
    (mapping.decimalSign ?? '.') === '.'
      ? written.replace(/[, ']/g, '')
      : written.replace(/[. ']/g, '').replace(',', '.');
  const [, sign, amount] = AMOUNT.exec(plain) ?? [];
  if (amount === undefined) return row.refuse(`${mapping.amount} is no amount`);
  const currency = row.either(mapping.currency);
  if (!/^[A-Z]{3}$/.test(currency)) return row.refuse('the currency is no code of three letters');
  const [reference, endToEndId] = [mapping.reference, mapping.endToEndId].map((name) =>
    name === undefined ? '' : row.of(name),
  );
  return {
    direction: directionOf(row, mapping.direction, sign === '-'),
    booked: true,
    reversal: false,
    amount,
    currency,
    bookedOn: dayOf(row, row.of(mapping.bookedOn), mapping.dateOrder ?? 'YMD'),
    ...(reference === '' ? {} : { reference: reference! }),
    ...(endToEndId === '' ? {} : { endToEndId: endToEndId! }),
  };
}

function directionOf(row: Row, direction: CsvMapping['direction'], negative: boolean): Booking['direction'] {
  if (direction === 'sign') return negative ? 'debit' : 'credit';
  if (typeof direction === 'string') return direction;
  return row.of(direction.column) === direction.debit ? 'debit' : 'credit';
}

function dayOf(row: Row, text: string, order: 'YMD' | 'DMY' | 'MDY'): string {
  const parts = /^(\d{1,4})\D(\d{1,2})\D(\d{1,4})/.exec(text)?.slice(1);
  const part = (letter: string): string => parts?.[order.indexOf(letter)] ?? '';
  const [year, month, day] = [part('Y'), part('M').padStart(2, '0'), part('D').padStart(2, '0')];
  const iso = `${year}-${month}-${day}`;
  if (Number.isNaN(Date.parse(iso)) || new Date(iso).toISOString().slice(0, 10) !== iso)
    return row.refuse('the date is none');
  return iso;
}

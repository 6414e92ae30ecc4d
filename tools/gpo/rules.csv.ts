import { isUtf8 } from 'node:buffer';
import { CsvError, parse } from 'csv-parse/sync';
import { CommandFailed } from './command-failed.js';

const NEEDED = ['reference_id', 'payee_fa', 'amount', 'currency_code'] as const;
const KNOWN: readonly string[] = [
  ...NEEDED,
  'payer_fa',
  'payer_name',
  'payee_name',
  'note',
  'purpose',
  'instruction',
  'locale',
  'scheduled_timestamp',
];

/** Rows of a list, each an object like a line of a disburse message, and the line of the file where it ends. */
export interface CsvRows {
  rows: Record<string, string>[];
  /** Columns that are not read. */
  ignored: string[];
}

/**
 * Reads a list of payees as spreadsheets write it: with or without byte order mark, with \n or \r\n, quoted or not,
 * separated by comma, semicolon or tab. The first row names the columns; an empty cell is a field that is not there.
 * @throws CommandFailed with a sentence that names the line of the file.
 */
export function readCsv(path: string, bytes: Buffer): CsvRows {
  const text = decode(path, bytes);
  const cells = parseCells(path, text);
  const [header, ...rows] = cells;
  if (header === undefined)
    throw new CommandFailed(`${path} is empty: the first row must name the columns.`, 1);
  const names = header.map((name) => name.trim());
  checkHeader(path, names);
  return {
    rows: rows.map((row) =>
      Object.fromEntries(
        row.flatMap((cell, index) => (cell === '' ? [] : [[names[index]!, cell] as [string, string]])),
      ),
    ),
    ignored: names.filter((name) => !KNOWN.includes(name)),
  };
}

function decode(path: string, bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  throw new CommandFailed(`${path} is not UTF-8: save it again as "CSV UTF-8".`, 1);
}

function parseCells(path: string, text: string): string[][] {
  try {
    return parse(text, { bom: true, delimiter: delimiterOf(text), skip_empty_lines: true });
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    throw new CommandFailed(`${path}: ${cause.message}. Mend the line, or save the list again as CSV.`, 1, {
      cause,
    });
  }
}

/** The separator that stands most often in the header, which holds only names. */
function delimiterOf(text: string): string {
  const header = text.slice(0, text.search(/[\r\n]|$/));
  const count = (separator: string): number => header.split(separator).length;
  return [',', ';', '\t'].reduce((best, one) => (count(one) > count(best) ? one : best));
}

function checkHeader(path: string, names: readonly string[]): void {
  const missing = NEEDED.filter((name) => !names.includes(name));
  if (missing.length > 0) {
    throw new CommandFailed(
      `${path}: the first row must name the columns; ${missing.join(', ')} is missing. Known: ${KNOWN.join(', ')}.`,
      1,
    );
  }
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new CommandFailed(`${path}: two columns are called ${twice}.`, 1);
}

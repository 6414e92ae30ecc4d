import { CsvError, parse } from 'csv-parse/sync';
import { LINE_FIELDS } from '@gpo/g2p-connect-schemas';
import { BadFile } from './bad-file.js';

/** How the rows of a CSV file are to be read; told by its header row. */
export interface CsvLayout {
  delimiter: string;
  /** Names of the columns in lower case, in the order of the file. */
  columns: string[];
}

/** A row as a line of a message; or what is wrong with a row that cannot be one. */
export type CsvRow = { line: Record<string, string> } | { cells: string[]; message: string };

/** Columns that a header row must have, and those that it may have. */
interface ColumnSet {
  needed: readonly string[];
  known: readonly string[];
}

const OWN: ColumnSet = {
  needed: ['reference_id', 'payee_fa', 'amount', 'currency_code'],
  known: LINE_FIELDS,
};

/** The columns that OpenG2P writes for Mifos Payment Hub (interface A, 2.6). */
const PAYMENT_HUB: ColumnSet = {
  needed: ['request_id', 'payee_identifier_type', 'payee_identifier', 'amount', 'currency'],
  known: [
    'id',
    'request_id',
    'payment_mode',
    'payer_identifier_type',
    'payer_identifier',
    'payee_identifier_type',
    'payee_identifier',
    'amount',
    'currency',
    'note',
  ],
};

const DELIMITERS = [',', ';', '\t'];

/**
 * Reads the header row. An unknown column refuses the file: a misspelt scheduled_timestamp that was passed over would
 * pay at once what is to be paid later.
 * @throws BadFile
 */
export function readCsvHeader(row: string): CsvLayout {
  const text = row.replace(/^\ufeff/, '');
  const delimiter = DELIMITERS.reduce((best, one) => (count(text, one) > count(text, best) ? one : best));
  const columns = cellsOf(Buffer.from(text), delimiter)
    .flat()
    .map((name) => name.trim().toLowerCase());
  const { needed, known } = columns.includes('request_id') ? PAYMENT_HUB : OWN;
  const missing = needed.filter((name) => !columns.includes(name));
  if (missing.length > 0)
    throw new BadFile(`The header row of the CSV file has no column ${missing.join(', ')}.`);
  columns.forEach((name, index) => {
    if (!known.includes(name))
      throw new BadFile(
        `Column ${index + 1} of the CSV file is not known. Columns are: ${known.join(', ')}.`,
      );
    if (columns.indexOf(name) < index)
      throw new BadFile(`Column ${index + 1} of the CSV file has the name of an earlier one.`);
  });
  return { delimiter, columns };
}

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}

/** Cells of whole rows. @throws BadFile where quotes do not fit. */
export function cellsOf(rows: Buffer, delimiter: string): string[][] {
  try {
    return parse(rows, { delimiter, record_delimiter: ['\r\n', '\n'], relax_column_count: true });
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    throw new BadFile('The file is not CSV: quotes do not fit. Save the list again as CSV.', { cause });
  }
}

/** Cells as a line of a message; an empty cell is a field that is not there. */
export function readCsvRow(cells: string[], { columns }: CsvLayout): CsvRow {
  if (cells.length !== columns.length)
    return { cells, message: `The row has ${cells.length} cells, the header row ${columns.length}.` };
  const fields: Record<string, string> = {};
  columns.forEach((name, index) => {
    if (cells[index] !== '') fields[name] = cells[index]!;
  });
  return { line: columns.includes('request_id') ? fromPaymentHub(fields) : fields };
}

/** Payment Hub's kinds of accounts in the words of a financial address; any other is taken as it is. */
const SCHEMES: Readonly<Record<string, string>> = {
  msisdn: 'phone',
  phone_number: 'phone',
  account_id: 'account_no',
  account_number: 'account_no',
  account: 'account_no',
};

function fromPaymentHub(fields: Record<string, string>): Record<string, string> {
  const { request_id, amount, currency, note, payment_mode: mode } = fields;
  const payer = address(fields.payer_identifier_type, fields.payer_identifier, undefined);
  const payee = address(fields.payee_identifier_type, fields.payee_identifier, mode);
  return {
    ...(request_id === undefined ? {} : { reference_id: request_id }),
    ...(payer === undefined ? {} : { payer_fa: payer }),
    ...(payee === undefined ? {} : { payee_fa: payee }),
    ...(amount === undefined ? {} : { amount }),
    ...(currency === undefined ? {} : { currency_code: currency }),
    ...(note === undefined ? {} : { note }),
  };
}

/** `type:identifier`, and for a payee that names no provider its payment_mode: `msisdn`, `2547…`, `gsma` is phone:2547…@gsma. */
function address(
  type: string | undefined,
  identifier: string | undefined,
  mode: string | undefined,
): string | undefined {
  if (identifier === undefined) return undefined;
  const scheme = type === undefined ? '' : `${SCHEMES[type.toLowerCase()] ?? type.toLowerCase()}:`;
  const provider = mode === undefined || identifier.includes('@') ? '' : `@${mode.toLowerCase()}`;
  return `${scheme}${identifier}${provider}`;
}

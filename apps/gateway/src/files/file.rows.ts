import { nextItem, parseExact } from '@gpo/g2p-connect-schemas';
import { ITEM_DEPTH_MAX } from '../intake/body.list.js';
import { cellsOf, readCsvRow, type CsvLayout } from './csv.layout.js';
import { CsvRows, type RowEnd } from './csv.rows.js';

/** A row of a file: what a message would have as a line, or why it can be none. */
export type FileRow = { line: unknown } | { cells: string[]; message: string };

/** Bytes of a file from a place on where a row may begin. */
export interface FileWindow {
  bytes: Buffer;
  /** True where the file ends with these bytes. */
  last: boolean;
}

export interface ReadRows {
  rows: FileRow[];
  /** Bytes that were read: the next row begins behind them. */
  used: number;
}

const CELLS_AT_ONCE = 250;

/** Up to `max` CSV rows. @throws BadFile */
export async function readCsvRows(
  { bytes, last }: FileWindow,
  layout: CsvLayout,
  max: number,
): Promise<ReadRows> {
  const ends: RowEnd[] = [];
  const reader = new CsvRows(layout.delimiter);
  reader.push(bytes, (row) => ends.push(row));
  if (last) reader.end((row) => ends.push(row));
  const rows: FileRow[] = [];
  let used = 0;
  for (let from = 0; from < ends.length && rows.length < max; from += CELLS_AT_ONCE) {
    const group = ends.slice(from, from + Math.min(CELLS_AT_ONCE, max - rows.length));
    const until = group.at(-1)!.end;
    const cells = cellsOf(bytes.subarray(used, until), layout.delimiter);
    if (cells.length !== group.length) throw new Error('rows and row ends of a CSV file differ');
    cells.forEach((row, index) => {
      if (!group[index]!.blank) rows.push(readCsvRow(row, layout));
    });
    used = until;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { rows, used };
}

/** Up to `max` elements of the list. @param first true at the beginning of the list. @throws BadJson */
export function readJsonRows({ bytes }: FileWindow, first: boolean, max: number): ReadRows {
  const rows: FileRow[] = [];
  let used = 0;
  while (rows.length < max) {
    const item = nextItem(bytes, used, first && rows.length === 0);
    if (item.kind !== 'item') break;
    rows.push({ line: parseExact(bytes.subarray(item.start, item.end), ITEM_DEPTH_MAX) });
    used = item.end;
  }
  return { rows, used };
}

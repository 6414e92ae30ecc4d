import { isUtf8 } from 'node:buffer';
import { BadJson, findList, nextItem, parseExact } from '@gpo/g2p-connect-schemas';
import { ITEM_DEPTH_MAX, LIST_OF } from '../intake/body.list.js';
import { BadFile, ROW_BYTES_MAX } from './bad-file.js';
import { readCsvHeader, type CsvLayout } from './csv.layout.js';
import { CsvRows } from './csv.rows.js';

export type FileFormat = 'csv' | 'json';

/** What a file is, known once all its bytes have passed. */
export interface ScannedFile {
  rows: number;
  /** Where its first row begins. */
  from: number;
  /** How its rows are to be read; of CSV only. */
  layout: CsvLayout | null;
  /** Of JSON only: the whole message, with the list of disbursements empty. */
  message?: Record<string, unknown> | null;
}

/**
 * Looks at every byte of a file while it arrives, so that a file that cannot be read to its end is refused before it is
 * acknowledged, and none is paid by half. Holds one row at a time.
 */
export interface FileScan {
  /** @throws BadFile, BadJson */
  push(bytes: Buffer): void;
  /** @throws BadFile, BadJson */
  end(): ScannedFile;
}

const HEADER_BYTES_MAX = 16_384;
const HEAD_BYTES_MAX = 1_048_576;
const NUL = 0;
const NO_BYTES = Buffer.alloc(0);

export function scanOf(format: FileFormat, rowsMax: number): FileScan {
  return format === 'csv' ? new CsvScan(rowsMax) : new JsonScan(rowsMax);
}

/** The file has more rows than its sender may send at once. */
export class TooManyRows extends BadFile {}

function checkRows(rows: number, rowsMax: number): void {
  if (rows > rowsMax) throw new TooManyRows(`A file may hold ${rowsMax} rows.`);
}

class CsvScan implements FileScan {
  private head = NO_BYTES;
  private rest = NO_BYTES;
  private layout: CsvLayout | undefined;
  private reader: CsvRows | undefined;
  private from = 0;
  private rows = 0;

  constructor(private readonly rowsMax: number) {}

  push(bytes: Buffer): void {
    checkText(bytes);
    if (this.reader !== undefined) return this.take(bytes);
    this.head = Buffer.concat([this.head, bytes]);
    const line = this.head.indexOf('\n');
    if (line >= 0) this.readHead(line + 1);
    else if (this.head.length > HEADER_BYTES_MAX)
      throw new BadFile('The file is not CSV: its first row must name the columns.');
  }

  private readHead(from: number): void {
    const row = this.head.subarray(0, from);
    if (!isUtf8(row)) throw notUtf8();
    this.layout = readCsvHeader(row.toString('utf8'));
    this.reader = new CsvRows(this.layout.delimiter);
    this.from = from;
    this.take(this.head.subarray(from));
    this.head = NO_BYTES;
  }

  private take(bytes: Buffer): void {
    this.reader!.push(bytes, (row) => this.row(row.blank));
    if (this.reader!.open > ROW_BYTES_MAX)
      throw new BadFile(`Row ${this.rows + 1} is too long: a quote is not closed, or this is no CSV file.`);
    const whole = Buffer.concat([this.rest, bytes]);
    const cut = whole.length - unfinished(whole);
    if (!isUtf8(whole.subarray(0, cut))) throw notUtf8();
    this.rest = whole.subarray(cut);
  }

  private row(blank: boolean): void {
    if (blank) return;
    this.rows += 1;
    checkRows(this.rows, this.rowsMax);
  }

  end(): ScannedFile {
    if (this.reader === undefined) this.readHead(this.head.length);
    this.reader!.end(({ blank }) => this.row(blank));
    if (this.rest.length > 0) throw notUtf8();
    return { rows: this.rows, from: this.from, layout: this.layout! };
  }
}

/** Bytes at the end that are the beginning of a character. */
function unfinished(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0;
  }
  return 0;
}

function checkText(bytes: Buffer): void {
  if (bytes.includes(NUL))
    throw new BadFile('The file holds the character NUL: save it as UTF-8 text, not packed.');
}

function notUtf8(): BadFile {
  return new BadFile('The file is not UTF-8: save it again as "CSV UTF-8".');
}

class JsonScan implements FileScan {
  private part: 'head' | 'items' | 'tail' = 'head';
  private head = NO_BYTES;
  private open = NO_BYTES;
  private listName = '';
  private rows = 0;

  constructor(private readonly rowsMax: number) {}

  push(bytes: Buffer): void {
    this.open = Buffer.concat([this.open, bytes]);
    if (this.part === 'head') this.findHead();
    if (this.part === 'items') this.readItems();
    if (this.part === 'items' && this.open.length > ROW_BYTES_MAX)
      throw new BadFile(`Disbursement ${this.rows + 1} is too long.`);
    if (this.part !== 'items' && this.open.length > HEAD_BYTES_MAX)
      throw new BadFile('The file has no disbursements list near its beginning, or too much after it.');
  }

  private findHead(): void {
    const found = findList(this.open, LIST_OF.parent, LIST_OF.names);
    if (found === undefined) return;
    this.part = 'items';
    this.listName = found.name;
    this.head = this.open.subarray(0, found.from);
    this.open = this.open.subarray(found.from);
  }

  private readItems(): void {
    let at = 0;
    for (;;) {
      const item = nextItem(this.open, at, this.rows === 0);
      if (item.kind === 'more') break;
      if (item.kind === 'end') {
        this.part = 'tail';
        at = item.at;
        break;
      }
      parseExact(this.open.subarray(item.start, item.end), ITEM_DEPTH_MAX);
      at = item.end;
      this.rows += 1;
      checkRows(this.rows, this.rowsMax);
    }
    this.open = this.open.subarray(at);
  }

  end(): ScannedFile {
    if (this.part === 'items') throw new BadJson('The file ends in the middle of the JSON.');
    const document = parseExact(Buffer.concat([this.head, this.open])) as Record<string, unknown> | null;
    const other = LIST_OF.names.find((name) => name !== this.listName);
    const message = document?.[LIST_OF.parent] as Record<string, unknown> | null | undefined;
    if (this.listName === LIST_OF.names[1] && (message?.[other!] ?? null) !== null)
      throw new BadFile('The message has both disbursements and disburemsents: leave the second out.');
    return { rows: this.rows, from: this.head.length, layout: null, message: document };
  }
}

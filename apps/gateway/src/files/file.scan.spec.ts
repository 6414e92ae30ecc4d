import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BadJson } from '@gpo/g2p-connect-schemas';
import { BadFile, ROW_BYTES_MAX } from './bad-file.js';
import { readCsvRows, readJsonRows, type FileRow } from './file.rows.js';
import { TooManyRows, scanOf, type FileFormat, type ScannedFile } from './file.scan.js';

const HEADER = 'reference_id,payee_fa,amount,currency_code,payee_name\r\n';

function scan(format: FileFormat, bytes: Buffer, step = 7, rowsMax = 1000): ScannedFile {
  const scanned = scanOf(format, rowsMax);
  for (let at = 0; at < bytes.length; at += step) scanned.push(bytes.subarray(at, at + step));
  return scanned.end();
}

/** All rows, read as the loader does: from where the last reading ended. */
async function load(bytes: Buffer, { from, layout, rows }: ScannedFile, max: number): Promise<FileRow[]> {
  const read: FileRow[] = [];
  for (let at = from; read.length < rows;) {
    const window = { bytes: bytes.subarray(at), last: true };
    const room = Math.min(max, rows - read.length);
    const next =
      layout === null
        ? readJsonRows(window, read.length === 0, room)
        : await readCsvRows(window, layout, room);
    expect(next.used).toBeGreaterThan(0);
    read.push(...next.rows);
    at += next.used;
  }
  return read;
}

const name = fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => text.replaceAll('\u0000', ''));
const cells = fc.array(name, { maxLength: 20 });

describe('a file that arrives in pieces', () => {
  it('every CSV row is loaded once and whole, whatever is in its cells and wherever loading was interrupted', async () => {
    await fc.assert(
      fc.asyncProperty(
        cells,
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 99 }),
        async (names, max, step) => {
          const quoted = names.map((text, index) => `r${index},p,1.00,KES,"${text.replaceAll('"', '""')}"`);
          const bytes = Buffer.from(HEADER + quoted.join('\n'));
          const scanned = scan('csv', bytes, step);
          expect(scanned.rows).toBe(names.length);
          const rows = await load(bytes, scanned, max);
          expect(
            rows.map((row) =>
              'line' in row ? ((row.line as Record<string, string>).payee_name ?? '') : row,
            ),
          ).toEqual(names);
        },
      ),
    );
  });

  it('every element of a JSON file is loaded once and whole, wherever loading was interrupted', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.jsonValue(), { maxLength: 12 }),
        fc.integer({ min: 1, max: 5 }),
        async (items, max) => {
          const clean = JSON.stringify(items).replaceAll('__proto__', 'proto').replaceAll('\\u0000', ' ');
          fc.pre(!/\\ud[89a-f]/.test(clean));
          const bytes = Buffer.from(
            `{"header":{"a":1},"message":{"transaction_id":"t","disbursements":${clean}},"signature":""}`,
          );
          const scanned = scan('json', bytes);
          expect(scanned.rows).toBe(items.length);
          expect(scanned.message).toMatchObject({
            signature: '',
            message: { transaction_id: 't', disbursements: [] },
          });
          const rows = await load(bytes, scanned, max);
          expect(JSON.parse(JSON.stringify(rows))).toHaveLength(items.length);
        },
      ),
    );
  });

  it('blank rows, as spreadsheets leave them at the end, are no rows', async () => {
    const bytes = Buffer.from(`${HEADER}r1,p,1.00,KES,a\r\n\r\n,,,,\r\n ,\t,,,\nr2,p,1.00,KES,b\n,,,,`);
    const scanned = scan('csv', bytes);
    expect(scanned.rows).toBe(2);
    expect(await load(bytes, scanned, 1)).toMatchObject([
      { line: { reference_id: 'r1' } },
      { line: { reference_id: 'r2' } },
    ]);
  });

  it.each<[string, FileFormat, Buffer, unknown]>([
    ['a quote is not closed', 'csv', Buffer.from(`${HEADER}r1,p,1.00,KES,"a`), BadFile],
    ['a quote stands inside a cell', 'csv', Buffer.from(`${HEADER}r1,p,1.00,KES,a"b\n`), BadFile],
    [
      'a byte is not UTF-8',
      'csv',
      Buffer.concat([Buffer.from(`${HEADER}r1,p,1,KES,`), Buffer.from([0xe9, 0x0a])]),
      BadFile,
    ],
    [
      'it ends inside a character',
      'csv',
      Buffer.concat([Buffer.from(`${HEADER}r1,p,1,KES,`), Buffer.from([0xe2, 0x82])]),
      BadFile,
    ],
    ['it is UTF-16', 'csv', Buffer.from(HEADER, 'utf16le'), BadFile],
    [
      'it is packed',
      'csv',
      Buffer.from('1f8b0800000000000003cb48cdc9c95728cf2fca49010085114a0d0b000000', 'hex'),
      BadFile,
    ],
    ['it holds NUL', 'csv', Buffer.from(`${HEADER}r1,p,1.00,KES,a\u0000\n`), BadFile],
    ['it is empty', 'csv', Buffer.alloc(0), BadFile],
    ['it is JSON and said to be CSV', 'csv', Buffer.from('{"message":{}}'), BadFile],
    [
      'a row is longer than any row needs',
      'csv',
      Buffer.from(`${HEADER}"${'x'.repeat(ROW_BYTES_MAX + 10)}`),
      BadFile,
    ],
    ['it is cut off', 'json', Buffer.from('{"message":{"disbursements":[{"a":1},'), BadJson],
    ['an element is no JSON', 'json', Buffer.from('{"message":{"disbursements":[{"a":01}]}}'), BadJson],
    [
      'it names the list twice',
      'json',
      Buffer.from('{"message":{"disburemsents":[1],"disbursements":[2]}}'),
      BadFile,
    ],
    ['it is CSV and said to be JSON', 'json', Buffer.from(HEADER), BadJson],
    ['a key stands twice', 'json', Buffer.from('{"message":{"disbursements":[]},"message":{}}'), BadJson],
  ])('is refused whole where %s', (_what, format, bytes, kind) => {
    expect(() => scan(format, bytes, 65_536)).toThrow(kind);
  });

  it('is refused at the first row over the limit, not after the last', () => {
    const scanned = scanOf('csv', 2);
    scanned.push(Buffer.from(`${HEADER}r1,p,1,KES,\nr2,p,1,KES,\n`));
    expect(() => scanned.push(Buffer.from('r3,p,1,KES,\n'))).toThrow(TooManyRows);
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'csv-parse/sync';
import { BadFile } from './bad-file.js';
import { readCsvHeader, readCsvRow } from './csv.layout.js';
import { CsvRows, type RowEnd } from './csv.rows.js';

function ends(text: string, pieces: number): RowEnd[] | 'refused' {
  const bytes = Buffer.from(text);
  const rows = new CsvRows(',');
  const found: RowEnd[] = [];
  try {
    for (let at = 0; at < bytes.length; at += pieces)
      rows.push(bytes.subarray(at, at + pieces), (row) => found.push(row));
    rows.end((row) => found.push(row));
  } catch (error) {
    if (error instanceof BadFile) return 'refused';
    throw error;
  }
  return found;
}

function records(text: string): string[][] | 'refused' {
  try {
    return parse(text, { record_delimiter: ['\r\n', '\n'], relax_column_count: true });
  } catch {
    return 'refused';
  }
}

const cell = fc.oneof(
  fc.constantFrom('a', '', ' ', '"x"', '"a,b"', '"a""b"', '"two\nlines"', '"two\r\nlines"', 'é', '""'),
  fc.constantFrom('a"b', '"a"b', '"', '"a" ', '\r', 'x\ry', '""""'),
);
const csv = fc
  .array(fc.tuple(fc.array(cell, { minLength: 1, maxLength: 3 }), fc.constantFrom('\n', '\r\n')), {
    maxLength: 5,
  })
  .chain((rows) =>
    fc.boolean().map((cut) => {
      const text = rows.map(([cells, end]) => cells.join(',') + end).join('');
      return cut ? text.replace(/\r?\n$/, '') : text;
    }),
  );

describe('rows of a CSV file', () => {
  it('ends of rows are where csv-parse sees them, however the bytes are cut, and both refuse the same files', () => {
    let [taken, refused] = [0, 0];
    fc.assert(
      fc.property(csv, fc.integer({ min: 1, max: 9 }), (text, pieces) => {
        const found = ends(text, pieces);
        const whole = records(text);
        if (whole === 'refused' || found === 'refused') {
          refused += 1;
          return expect(found).toBe(whole);
        }
        taken += 1;
        expect(found).toHaveLength(whole.length);
        let from = 0;
        found.forEach(({ end, blank }, index) => {
          const row = Buffer.from(text).subarray(from, end).toString();
          expect(records(row)).toEqual([whole[index]]);
          if (blank) expect(whole[index]!.join('').trim()).toBe('');
          from = end;
        });
      }),
      { numRuns: 3000 },
    );
    expect([taken > 300, refused > 300]).toEqual([true, true]);
  });

  it('a quote that is never closed refuses the file instead of swallowing its rest', () => {
    expect(ends('a,b\n"c,d\ne,f\n', 4)).toBe('refused');
  });
});

describe('the header row of a CSV file', () => {
  it.each([
    ['our own columns', 'reference_id,payee_fa,amount,currency_code'],
    ['a byte order mark, spaces and capitals', '\ufeff Reference_ID , payee_fa,Amount,currency_code\r\n'],
    ['semicolons', 'reference_id;payee_fa;amount;currency_code'],
    ['tabs and quotes', '"reference_id"\t"payee_fa"\t"amount"\t"currency_code"'],
  ])('%s are read', (_what, row) => {
    expect(readCsvHeader(row).columns).toEqual(['reference_id', 'payee_fa', 'amount', 'currency_code']);
  });

  it.each([
    ['a column is missing', 'reference_id,payee_fa,amount', /no column currency_code/],
    [
      'a column is misspelt, so that its content would be passed over',
      'reference_id,payee_fa,amount,currency_code,shceduled_timestamp',
      /Column 5 .* not known/,
    ],
    ['a column stands twice', 'reference_id,payee_fa,amount,currency_code,amount', /Column 5 .* earlier/],
    ['it is no CSV at all', '%PDF-1.7', /no column reference_id/],
  ])('the file is refused where %s', (_what, row, message) => {
    expect(() => readCsvHeader(row)).toThrow(BadFile);
    expect(() => readCsvHeader(row)).toThrow(message);
  });
});

describe('a row of a CSV file as a line of a message', () => {
  it('an empty cell is a field that is not there; text keeps its spaces and quotes', () => {
    const layout = readCsvHeader('reference_id,payee_fa,amount,currency_code,payer_fa,note');
    expect(readCsvRow(['r-1', 'phone:1@m', '10.00', 'KES', '', ' a "b" '], layout)).toEqual({
      line: {
        reference_id: 'r-1',
        payee_fa: 'phone:1@m',
        amount: '10.00',
        currency_code: 'KES',
        note: ' a "b" ',
      },
    });
  });

  it('a row with too few or too many cells is no line: nobody is paid by cells that stand under the wrong name', () => {
    const layout = readCsvHeader('reference_id,payee_fa,amount,currency_code');
    for (const cells of [
      ['r', 'p', '1.00'],
      ['r', 'p', '1', '00', 'KES'],
    ])
      expect(readCsvRow(cells, layout)).toMatchObject({ cells, message: expect.stringContaining(' cells') });
  });

  it.each([
    [
      ['1', 'r-1', 'gsma', 'MSISDN', '254700', 'MSISDN', '254711', '10', 'KES', 'n'],
      'phone:254700',
      'phone:254711@gsma',
    ],
    [
      ['1', 'r-1', '', 'ACCOUNT_ID', '1@TREASURY', 'IBAN', 'RW99@BANK', '10', 'KES', ''],
      'account_no:1@TREASURY',
      'iban:RW99@BANK',
    ],
    [
      ['1', 'r-1', 'closedloop', '', '', 'ACCOUNT', '77@BANK', '10', 'KES', ''],
      undefined,
      'account_no:77@BANK',
    ],
  ])('Payment Hub columns %j', (cells, payer, payee) => {
    const layout = readCsvHeader(
      'id,request_id,payment_mode,payer_identifier_type,payer_identifier,payee_identifier_type,payee_identifier,amount,currency,note',
    );
    const row = readCsvRow(cells, layout);
    expect(row).toMatchObject({
      line: { reference_id: 'r-1', payee_fa: payee, amount: '10', currency_code: 'KES' },
    });
    expect((row as { line: Record<string, string> }).line.payer_fa).toBe(payer);
  });
});

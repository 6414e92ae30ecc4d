import { describe, expect, it } from '@jest/globals';
import { readXml, UnreadableFile } from '@gpo/xml';
import { readCamt } from './camt.js';
import { readCsvList, type CsvMapping } from './csv-list.js';
import { readMt940 } from './mt940.js';
import { readStatements } from './read-statements.js';
import type { Statement } from './statement.js';

const ID = '3f2b8a526f0e4c3a9b1d0a1b2c3d4e5f';

async function camt(statement: string, message = 'BkToCstmrStmt', element = 'Stmt'): Promise<Statement[]> {
  const text = `<Document><${message}><${element}><Id>S1</Id><Acct><Id><IBAN>NL41 MOCK 0000 0000 01</IBAN></Id></Acct>${statement}</${element}></${message}></Document>`;
  return readCamt((await readXml(Buffer.from(text))).elements[0]!)!;
}

const balance = (type: string, amount: string, side: string): string =>
  `<Bal><Tp><CdOrPrtry><Cd>${type}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">${amount}</Amt><CdtDbtInd>${side}</CdtDbtInd><Dt><Dt>2026-11-25</Dt></Dt></Bal>`;
const entry = (inside: string, side = 'DBIT'): string =>
  `<Ntry><Amt Ccy="EUR">21.00</Amt><CdtDbtInd>${side}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-11-25</Dt></BookgDt><ValDt><DtTm>2026-11-26T00:00:00Z</DtTm></ValDt><AcctSvcrRef>B1</AcctSvcrRef>${inside}</Ntry>`;

describe('camt.053 and camt.054', () => {
  it('account, balances and days are read; a notification is no whole statement', async () => {
    const balances = `${balance('OPBD', '5.00', 'DBIT')}${balance('CLBD', '10.00', 'CRDT')}`;
    const [statement] = await camt(`${balances}${entry('')}`);
    expect(statement).toEqual({
      ...{ id: 'S1', account: 'NL41MOCK0000000001', whole: true },
      opening: { amount: '-5.00', currency: 'EUR', on: '2026-11-25' },
      closing: { amount: '10.00', currency: 'EUR', on: '2026-11-25' },
      bookings: [
        {
          ...{ direction: 'debit', booked: true, reversal: false, amount: '21.00', currency: 'EUR' },
          ...{ bookedOn: '2026-11-25', valueOn: '2026-11-26', reference: 'B1' },
        },
      ],
    });
    expect((await camt('', 'BkToCstmrDbtCdtNtfctn', 'Ntfctn'))[0]).toMatchObject({ whole: false });
  });

  it('a booking of many lines is each of them where it names them, and one for its group where it does not', async () => {
    const detail = (amount: string): string =>
      `<TxDtls><Refs><EndToEndId>${ID}</EndToEndId></Refs><Amt Ccy="EUR">${amount}</Amt></TxDtls>`;
    const [named] = await camt(entry(`<NtryDtls>${detail('10.50')}${detail('10.50')}</NtryDtls>`));
    expect(named!.bookings).toMatchObject([
      { amount: '10.50', endToEndId: ID, reference: 'B1' },
      { amount: '10.50', endToEndId: ID },
    ]);
    const group = '<Btch><MsgId>M1</MsgId><PmtInfId>M1-1</PmtInfId><NbOfTxs>2</NbOfTxs></Btch>';
    const [whole] = await camt(entry(`<NtryDtls>${group}</NtryDtls>`));
    expect(whole!.bookings).toMatchObject([
      { amount: '21.00', group: { messageId: 'M1', paymentInformationId: 'M1-1', lines: 2 } },
    ]);
  });

  it.each<[string, string, object]>([
    ['as instructed, nothing else moved', 'Ccy="EUR">21.00', {}],
    ['less, the account bore a fee', 'Ccy="EUR">20.00', { moved: { amount: '21.00', currency: 'EUR' } }],
    [
      'of another currency, the account moved its own',
      'Ccy="KES">2900',
      { moved: { amount: '21.00', currency: 'EUR' } },
    ],
  ])('the amount is the one that was instructed; where that is %s', async (_what, amount, moved) => {
    const instructed = `<TxDtls><AmtDtls><InstdAmt><Amt ${amount}</Amt></InstdAmt></AmtDtls></TxDtls>`;
    const [statement] = await camt(entry(`<NtryDtls>${instructed}</NtryDtls>`));
    const [, currency, told] = /"(.*)">(.*)/.exec(amount)!;
    const [booking] = statement!.bookings;
    expect({ ...booking, moved: booking!.moved }).toMatchObject({ amount: told, currency });
    expect(booking!.moved === undefined ? {} : { moved: booking!.moved }).toEqual(moved);
  });

  it('another message is none', async () => {
    const root = await readXml(Buffer.from('<Document><CstmrPmtStsRpt/></Document>'));
    expect(readCamt(root.elements[0]!)).toBeUndefined();
  });
});

describe('MT940', () => {
  const text = (...lines: string[]): Buffer => Buffer.from(lines.join('\r\n'));

  it('several statements in one file keep their accounts, numbers and balances apart', () => {
    const found = readMt940(
      text(
        ...[
          ':20:A',
          ':25:ACC1',
          ':28C:7/1',
          ':60F:C261231EUR100,',
          `:61:2701011231D10,5NTRFNONREF//R1`,
          `:86:${ID}`,
        ],
        ...[
          ':62F:C270101EUR89,50',
          '-}',
          ':20:B',
          ':25:ACC 2',
          ':60M:D261125KES5,00',
          ':61:261125C1,00NMSCNONREF',
          '-}',
        ],
      ),
    );
    expect(found).toEqual([
      {
        ...{ id: 'A/7/1', account: 'ACC1', whole: true },
        opening: { amount: '100', currency: 'EUR', on: '2026-12-31' },
        closing: { amount: '89.50', currency: 'EUR', on: '2027-01-01' },
        bookings: [
          {
            ...{ direction: 'debit', booked: true, reversal: false, amount: '10.5', currency: 'EUR' },
            ...{ valueOn: '2027-01-01', bookedOn: '2026-12-31', reference: 'R1', endToEndId: ID },
          },
        ],
      },
      {
        ...{ id: 'B', account: 'ACC2', whole: true },
        opening: { amount: '-5.00', currency: 'KES', on: '2026-11-25' },
        bookings: [expect.objectContaining({ direction: 'credit', currency: 'KES', amount: '1.00' })],
      },
    ]);
  });
});

describe('a statement that is no whole one', () => {
  const LINES = [
    ':20:A',
    ':25:ACC1',
    ':28C:1',
    ':60F:C261231EUR100,',
    ':61:2701011231D10,5NTRFNONREF//R1',
    '',
  ];
  const TEXT = LINES.join('\n');

  it.each([
    ['a balance of a day that is none', TEXT.replace('C261231', 'C269999'), /"2026-99-99"/],
    ['a booking of a day that is none', TEXT.replace('270101', '270230'), /"2027-02-30"/],
    ['a NUL in its name', TEXT.replace(':A', ':A\0'), /NUL/],
  ])('with %s is refused as a whole, in plain words', async (_, text, words) => {
    await expect(readStatements(Buffer.from(TEXT))).resolves.toMatchObject({ form: 'mt940' });
    const read = readStatements(Buffer.from(text));
    await expect(read).rejects.toThrow(UnreadableFile);
    await expect(read).rejects.toThrow(words);
  });
});

describe('a list as CSV', () => {
  const mapping: CsvMapping = {
    account: '600100',
    currency: { column: 'Currency' },
    amount: 'Paid Out',
    direction: 'debit',
    bookedOn: 'Completed',
    dateOrder: 'DMY',
    reference: 'Receipt',
    endToEndId: 'Our Ref',
    only: { column: 'Status', values: ['Completed'] },
  };
  const HEAD = 'Receipt,Completed,Our Ref,Status,Currency,Paid Out\n';

  it('is read as its mapping says, and rows that do not count are passed over', () => {
    const rows = `R1,25/11/2026 14:00,${ID},Completed,KES,"1,250.50"\nR2,25/11/2026,x,Failed,KES,1\n`;
    expect(readCsvList(Buffer.from(`\uFEFF${HEAD}${rows}`), mapping)).toEqual([
      {
        ...{ id: '', account: '600100', whole: false },
        bookings: [
          {
            ...{ direction: 'debit', booked: true, reversal: false, amount: '1250.50', currency: 'KES' },
            ...{ bookedOn: '2026-11-25', reference: 'R1', endToEndId: ID },
          },
        ],
      },
    ]);
  });

  it('a negative amount is a debit where the sign says so; a comma may be the decimal sign', () => {
    const bytes = Buffer.from('When;Sum\n2026-01-31;-1.234,5\n2026-02-01;7\n');
    const [statement] = readCsvList(bytes, {
      ...{ account: 'a', currency: 'EUR', amount: 'Sum', direction: 'sign', bookedOn: 'When' },
      ...{ delimiter: ';', decimalSign: ',' },
    });
    expect(statement!.bookings).toMatchObject([
      { direction: 'debit', amount: '1234.5', bookedOn: '2026-01-31' },
      { direction: 'credit', amount: '7' },
    ]);
  });

  it.each([
    ['an amount that is none', 'R1,25/11/2026,x,Completed,KES,much', 'row 2: Paid Out is no amount'],
    ['a day that there is not', 'R1,31/02/2026,x,Completed,KES,1', 'row 2: the date is none'],
    ['a currency that is none', 'R1,25/11/2026,x,Completed,shilling,1', 'row 2: the currency'],
    ['a row with too few columns', 'R1,25/11/2026', 'as many columns in every row'],
  ])('%s is refused with its row', (_what, row, sentence) => {
    const read = (): Statement[] => readCsvList(Buffer.from(`${HEAD}${row}\n`), mapping);
    expect(read).toThrow(UnreadableFile);
    expect(read).toThrow(sentence);
  });

  it('a column that the list does not have is named', () => {
    expect(() => readCsvList(Buffer.from('a\n1\n'), mapping)).toThrow('it has no column Status');
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Instruction } from '../connector.js';
import { endToEndId, planFile } from './iso20022.mapping.js';
import { config, instruction, payee } from './iso20022.rig-spec.js';
import { writePain001 } from './iso20022.writer.js';
import { allAt, readXml, textAt } from '@gpo/xml';
import { hasSchemas, XsdJudge } from './xsd-judge-spec.js';

const AT = new Date('2026-11-25T23:30:00.123Z');
const AGREED = config({
  payeeBanks: { BANKRWRW: 'BKIGRWRW', national: 'member:040' },
  clearingSystem: 'RWRTG',
  categoryPurpose: 'GOVT',
  payerAccounts: { 'account_no:2@TREASURY': 'account:000-123' },
});

function fileOf(items: readonly Instruction[], settings = AGREED): string {
  return writePain001(planFile('core-banking', items, settings), AT, settings);
}

const anyInstruction = fc
  .record({
    railId: fc.uuid({ version: 4 }),
    amountMinor: fc.bigInt({ min: 1n, max: 10n ** 15n - 1n }),
    money: fc.constantFrom(['EUR', 2], ['RWF', 0], ['KWD', 3]),
    payeeName: fc.string({ unit: 'binary', maxLength: 200 }),
    note: fc.string({ unit: 'binary', maxLength: 300 }),
    payee: fc.constantFrom(
      payee('iban', 'NL30MOCK0000000005'),
      payee('account_no', '12345678', 'BANKRWRW'),
      payee('account', '0099', 'NATIONAL'),
    ),
    payer: fc.constantFrom('1', '2'),
  })
  .map(({ money: [currency, exponent], payer, ...rest }) =>
    instruction({
      ...rest,
      currency: currency,
      exponent: exponent,
      payer: { text: `account_no:${payer}@TREASURY`, scheme: 'account_no', id: payer, provider: 'TREASURY' },
    }),
  );
const anyFile = fc.uniqueArray(anyInstruction, {
  minLength: 1,
  maxLength: 20,
  selector: ({ railId }) => railId,
});

describe('pain.001.001.09', () => {
  it('the same attempts in any order give the same file, and other attempts another message id', () => {
    fc.assert(
      fc.property(anyFile, (items) => {
        expect(fileOf(items.toReversed())).toBe(fileOf(items));
        const { messageId } = planFile('core-banking', items, AGREED);
        expect(messageId.length).toBeLessThanOrEqual(35);
        expect(planFile('core-banking', items.slice(1), AGREED).messageId).not.toBe(messageId);
        expect(planFile('other', items, AGREED).messageId).not.toBe(messageId);
      }),
      { numRuns: 50 },
    );
  });

  it('counts and sums agree at both levels, amounts come out exactly, and nobody is left out or written twice', async () => {
    await fc.assert(
      fc.asyncProperty(anyFile, async (items) => {
        const root = await readXml(Buffer.from(fileOf(items)));
        const [file] = allAt(root, 'CstmrCdtTrfInitn');
        const groups = allAt(file!, 'PmtInf');
        expect(textAt(file!, 'GrpHdr/NbOfTxs')).toBe(String(items.length));
        const written = groups.flatMap((group) => {
          const transfers = allAt(group, 'CdtTrfTxInf');
          expect(textAt(group, 'NbOfTxs')).toBe(String(transfers.length));
          const amounts = transfers.map((one) => textAt(one, 'Amt/InstdAmt')!);
          const sum = textAt(group, 'CtrlSum');
          if (sum !== undefined) expect(scaled(sum)).toBe(amounts.map(scaled).reduce((a, b) => a + b, 0n));
          return transfers.map((one) => [
            textAt(one, 'PmtId/EndToEndId'),
            scaled(textAt(one, 'Amt/InstdAmt')!),
          ]);
        });
        const asked = items.map(({ railId, amountMinor, exponent }) => [
          endToEndId(railId),
          amountMinor * 10n ** BigInt(5 - exponent),
        ]);
        expect(written.sort()).toEqual(asked.sort());
      }),
      { numRuns: 100 },
    );
  });

  it('one group per payer account and currency, each booked item by item, on the day in the lane zone', async () => {
    const items = [
      instruction({ currency: 'EUR' }),
      instruction({ currency: 'RWF', exponent: 0, amountMinor: 500n }),
      instruction({
        payer: { text: 'account_no:2@TREASURY', scheme: 'account_no', id: '2', provider: 'TREASURY' },
      }),
    ];
    const root = await readXml(Buffer.from(fileOf(items, { ...AGREED, timeZone: 'Africa/Kigali' })));
    const groups = allAt(root, 'CstmrCdtTrfInitn/PmtInf');
    expect(groups).toHaveLength(3);
    for (const group of groups) {
      expect(textAt(group, 'BtchBookg')).toBe('false');
      expect(textAt(group, 'ReqdExctnDt/Dt')).toBe('2026-11-26');
      expect(textAt(group, 'PmtInfId')!.length).toBeLessThanOrEqual(35);
    }
    expect(groups.map((group) => textAt(group, 'DbtrAcct/Id/Othr/Id')).filter(Boolean)).toEqual(['000-123']);
    expect(
      groups.flatMap((group) => allAt(group, 'CdtTrfTxInf').map((one) => textAt(one, 'PmtId/UETR'))).sort(),
    ).toEqual(items.map(({ railId }) => railId).sort());
  });
});

/** Decimal text in units of 10^-5, read without the connector's code. */
function scaled(text: string): bigint {
  const [whole = '', fraction = ''] = text.split('.');
  return BigInt(whole + fraction.padEnd(5, '0'));
}

(hasSchemas() ? describe : describe.skip)('the published schema (skipped without the shared folder)', () => {
  let judge: XsdJudge;
  beforeAll(() => {
    judge = new XsdJudge('pain.001');
  });
  afterAll(() => judge.close());

  it.each<[string, (xml: string) => string]>([
    ['an amount with a comma', (xml) => xml.replace('10.50</InstdAmt>', '10,50</InstdAmt>')],
    [
      'an EndToEndId of 36 characters',
      (xml) => xml.replace(/<EndToEndId>[^<]*/, `<EndToEndId>${'e'.repeat(36)}`),
    ],
    ['no EndToEndId', (xml) => xml.replace(/<EndToEndId>.*?<\/EndToEndId>/, '')],
    [
      'a UETR that is no version 4',
      (xml) => xml.replace(/<UETR>[^<]*/, '<UETR>3f2b8a52-6f0e-8c3a-9b1d-0a1b2c3d4e5f'),
    ],
    ['a BIC in small letters', (xml) => xml.replace('MOCKNL2A', 'mocknl2a')],
    [
      'elements in another order',
      (xml) => xml.replace(/(<PmtMtd>.*?<\/PmtMtd>)(<BtchBookg>.*?<\/BtchBookg>)/, '$2$1'),
    ],
    ['an empty name', (xml) => xml.replace(/<Cdtr><Nm>[^<]*/, '<Cdtr><Nm>')],
    ['another namespace', (xml) => xml.replace('pain.001.001.09', 'pain.001.001.03')],
  ])('refuses a planted file: %s', (_title, plant) => {
    const xml = fileOf([instruction()]);
    expect(judge.complaints(xml)).toEqual([]);
    expect(plant(xml)).not.toBe(xml);
    expect(judge.complaints(plant(xml))).not.toEqual([]);
  });

  it('agrees with every file that the connector writes', () => {
    fc.assert(
      fc.property(anyFile, (items) => {
        expect(judge.complaints(fileOf(items))).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  it('agrees with names and notes of markup, other scripts, control characters, and with the longest file', () => {
    const items = [
      instruction({ payeeName: '<Nm>&"]]>', note: '<!DOCTYPE x>&lol;' }),
      instruction({ payeeName: 'አቤል ተስፋዬ', note: '💸'.repeat(300) }),
      instruction({ payeeName: '\u0000\ud800 \uffff', note: '\u0007' }),
      instruction({ payeeName: '   ', amountMinor: 999_999_999_999_999n }),
      ...Array.from({ length: 996 }, () => instruction({ amountMinor: 999_999_999_999_999n })),
    ];
    const xml = fileOf(items);
    expect(judge.complaints(xml)).toEqual([]);
    expect(xml).not.toContain('<!DOCTYPE');
  });
});

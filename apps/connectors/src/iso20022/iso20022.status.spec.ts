import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { KeptItem } from './bank-files.js';
import { REASON_CODES, WAITING_STATUSES } from './iso20022.codes.js';
import { endToEndId } from './iso20022.mapping.js';
import { entryMeaning, outcomeOf, statusMeaning } from './iso20022.outcome.mapping.js';
import { booking, notification, RAIL_ID, report } from './iso20022.bank-spec.js';
import { readAnswer, type EntryWord, type StatusWord } from './iso20022.status.js';
import { UnreadableFile } from '@gpo/xml';
import { hasSchemas, XsdJudge } from './xsd-judge-spec.js';

const read = async (xml: string): Promise<(StatusWord | EntryWord)[]> =>
  (await readAnswer(Buffer.from(xml))).words;
const item: KeptItem = {
  ...{ railId: RAIL_ID, messageId: 'M1', groupId: 'M1-1', said: undefined },
  ...{ amountMinor: 1_050n, currency: 'EUR', exponent: 2 },
};
const word = (change: Partial<StatusWord>): StatusWord => ({
  ...{ kind: 'status', level: 'item', messageId: 'M1', status: 'RJCT' },
  ...change,
});

describe('pain.002', () => {
  it('is read at the level of file, group and item, whatever its version and prefix', async () => {
    const xml = report({
      file: ['PART'],
      group: ['PART'],
      items: [['RJCT', 'AC04']],
    });
    const words = [
      { level: 'file', messageId: 'M1', status: 'PART' },
      { level: 'group', groupId: 'M1-1', status: 'PART' },
      { level: 'item', endToEndId: endToEndId(RAIL_ID), status: 'RJCT', code: 'AC04' },
    ];
    expect(await read(xml)).toMatchObject(words);
    const prefixed = xml.replace(/<(\/?)(?=[A-Z])/g, '<$1b:').replace('xmlns=', 'xmlns:b=');
    expect(await read(prefixed.replace('001.10', '001.03'))).toMatchObject(words);
  });

  it('a refusal without a reason above items that speak for themselves says nothing of its own', async () => {
    expect(await read(report({ file: ['RJCT'], group: ['RJCT'], items: [['RJCT', 'AC04']] }))).toMatchObject([
      { level: 'item' },
    ]);
    expect(await read(report({ file: ['RJCT'] }))).toMatchObject([{ level: 'file' }]);
  });

  it('no status alone is success: only a booking is, or ACCC for one item where that is agreed', () => {
    const levels = ['file', 'group', 'item'] as const;
    for (const status of [...WAITING_STATUSES, 'ACCC', 'RJCT', 'CANC', 'XXXX', ''])
      for (const level of levels)
        for (const acccSettles of [false, true]) {
          const { said } = statusMeaning(word({ level, status }), { acccSettles });
          expect(said.kind === 'settled').toBe(status === 'ACCC' && level === 'item' && acccSettles);
        }
  });

  it.each([
    ['AC01', 'rejected', false],
    ['AC04', 'rejected', false],
    ['AC06', 'rejected', false],
    ['AG01', 'rejected', false],
    ['AM02', 'rejected', false],
    ['AM03', 'rejected', false],
    ['BE06', 'rejected', false],
    ['RC01', 'rejected', false],
    ['RR04', 'rejected', false],
    ['MD07', 'rejected', false],
    ['TM01', 'rejected', true],
    ['AB05', 'rejected', true],
    ['AB10', 'rejected', true],
    ['ED05', 'rejected', true],
    ['AM05', 'unknown', undefined],
    ['DU03', 'unknown', undefined],
    ['FF01', 'unknown', undefined],
    ['AM10', 'unknown', undefined],
    ['NARR', 'unknown', undefined],
    ['__proto__', 'unknown', undefined],
  ])('an item refused with %s is %s, retryable %s', (code, kind, retryable) => {
    const { said } = statusMeaning(word({ code }), { acccSettles: false });
    expect([said.kind, said.retryable]).toEqual([kind, retryable]);
  });

  it('a refusal of a whole file fails nobody for good, and stops the lane unless the bank only knows it already', () => {
    for (const code of [...REASON_CODES.keys(), 'NARR', undefined])
      for (const level of ['file', 'group'] as const) {
        const change = code === undefined ? {} : { code };
        const { said, trouble } = statusMeaning(word({ level, ...change }), { acccSettles: false });
        expect(said.kind === 'rejected' && said.retryable !== true).toBe(false);
        const meaning = REASON_CODES.get(code ?? '')?.kind;
        const quiet = meaning === 'duplicate' || meaning === 'retryable';
        expect(trouble?.kind).toBe(quiet ? undefined : code === 'AM04' ? 'payer_funds' : 'configuration');
      }
  });
});

describe('camt.053 and camt.054', () => {
  const only = async (xml: string): Promise<EntryWord> => {
    const [one, ...more] = await read(xml);
    if (one?.kind !== 'entry' || more.length > 0) throw new Error('exactly one entry was expected');
    return one;
  };

  it.each<[string, Parameters<typeof booking>[0], string]>([
    ['a booked debit of the amount is success', {}, 'settled'],
    ['the amount with other zeros is the same amount', { amount: '10.5' }, 'settled'],
    ['a debit that is only announced is not', { status: 'PDNG' }, 'accepted'],
    ['nor one of another amount', { amount: '10.51' }, 'unknown'],
    ['nor one in another currency', { currency: 'USD' }, 'unknown'],
    ['a credit with our id is a return', { side: 'CRDT', reason: 'AC04' }, 'returned'],
    ['also without a reason', { side: 'CRDT' }, 'returned'],
    ['also less charges', { side: 'CRDT', reason: 'MS03', amount: '9.50' }, 'returned'],
    ['but not of more than we paid', { side: 'CRDT', amount: '11.00' }, 'unknown'],
    ['a debit that takes a credit back is no payment', { reversal: true }, 'unknown'],
  ])('%s', async (_title, change, kind) => {
    const meaning = entryMeaning(await only(notification(booking(change))), item);
    expect(meaning.said.kind).toBe(kind);
    expect(meaning.alarm !== undefined).toBe(kind === 'unknown');
  });

  it('returns carry their reason in our words', async () => {
    const reason = async (code: string): Promise<unknown> =>
      entryMeaning(await only(notification(booking({ side: 'CRDT', reason: code }))), item).said.reason;
    expect(await Promise.all(['AC04', 'AC06', 'MS03', 'ZZZZ'].map(reason))).toEqual([
      ...['payee_unknown', 'payee_blocked', 'declined', 'reversed'],
    ]);
  });

  it('a total over many items, or a booking of somebody else, is nobody’s', async () => {
    const total = booking({}).replace(/<NtryDtls>.*<\/NtryDtls>/, '');
    expect(await read(notification(total))).toEqual([]);
    const many = booking({})
      .replace(/(<TxDtls>.*<\/TxDtls>)/, '$1$1')
      .replace(/<Amt Ccy="EUR">[^<]*<\/Amt>(?=<CdtDbtInd>DBIT<\/CdtDbtInd><\/TxDtls>)/g, '');
    expect(await read(notification(many))).toEqual([]);
  });

  it('other messages of the bank are left alone', async () => {
    expect(await readAnswer(Buffer.from('<Document><PmtRtr/></Document>'))).toEqual({ kind: '', words: [] });
  });
});

(hasSchemas() ? describe : describe.skip)('the published schemas (skipped without the shared folder)', () => {
  it.each<[string, 'pain.002' | 'camt.054', string]>([
    ['report', 'pain.002', report({ file: ['RJCT', 'FF01'] }).replace('002.001.10', '002.001.12')],
    [
      'report of items',
      'pain.002',
      report({ file: ['PART'], group: ['PART'], items: [['RJCT', 'AC04']] }).replace(
        '002.001.10',
        '002.001.12',
      ),
    ],
    ['notification', 'camt.054', notification(booking({}), booking({ side: 'CRDT', reason: 'AC04' }))],
    ['reversal', 'camt.054', notification(booking({ reversal: true, status: 'PDNG' }))],
  ])('agree with what these tests take for a bank: %s', (_title, message, xml) => {
    const judge = new XsdJudge(message);
    expect(judge.complaints(xml)).toEqual([]);
    expect(judge.complaints(xml.replace(/<(Orgnl)?MsgId>[^<]*/, '<$1MsgId>'))).not.toEqual([]);
    judge.close();
  });
});

describe('answers that are refused', () => {
  const bomb = `<!DOCTYPE l [<!ENTITY a "${'a'.repeat(100)}">${Array.from(
    { length: 20 },
    (_, i) => `<!ENTITY b${i} "${`&${i === 0 ? 'a' : `b${i - 1}`};`.repeat(10)}">`,
  ).join('')}]>`;

  it.each([
    [
      'entities that grow without end',
      report({ file: ['RCVD'] })
        .replace('<Document', `${bomb}<Document`)
        .replace('RCVD', '&b19;'),
    ],
    [
      'a file of ours as an entity',
      '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><Document><CstmrPmtStsRpt>&x;</CstmrPmtStsRpt></Document>',
    ],
    ['a document type alone', '<!DOCTYPE d><Document><CstmrPmtStsRpt/></Document>'],
    ['an entity that nobody declared', '<Document><CstmrPmtStsRpt>&x;</CstmrPmtStsRpt></Document>'],
    ['half a file', report({ file: ['RCVD'] }).slice(0, -20)],
    ['another document', '<html/>'],
    ['two roots', '<Document><CstmrPmtStsRpt/></Document><Document/>'],
    ['text after the end', '<Document><CstmrPmtStsRpt/></Document>x'],
    ['a control character', '<Document><CstmrPmtStsRpt>\u0001</CstmrPmtStsRpt></Document>'],
    ['an attribute without quotes', '<Document a=b><CstmrPmtStsRpt/></Document>'],
    ['elements that cross', '<Document><a><b></a></b></Document>'],
    ['nothing', ''],
  ])('%s', async (_title, xml) => {
    const started = performance.now();
    await expect(readAnswer(Buffer.from(xml))).rejects.toBeInstanceOf(UnreadableFile);
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  it('bytes that are no UTF-8, and elements inside each other without end', async () => {
    await expect(readAnswer(Buffer.from([0x3c, 0x61, 0xff]))).rejects.toBeInstanceOf(UnreadableFile);
    const deep = `${'<a>'.repeat(200_000)}${'</a>'.repeat(200_000)}`;
    await expect(readAnswer(Buffer.from(deep))).rejects.toBeInstanceOf(UnreadableFile);
  });

  it('a statement of a whole day is read while the process goes on with other work', async () => {
    const entries = Array.from({ length: 5_000 }, () => booking({}));
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 1);
    const words = await read(notification(...entries, '<!-- 💸 -->'.repeat(9_999)));
    clearInterval(timer);
    expect(words).toHaveLength(5_000);
    expect(turns).toBeGreaterThan(10);
  });

  it('no bytes whatever throw anything else', async () => {
    const report1 = report({ file: ['PART'], items: [['RJCT', 'AC04']] });
    await fc.assert(
      fc.asyncProperty(
        fc.nat(report1.length - 1),
        fc.string({ unit: 'binary', maxLength: 5 }),
        async (at, text) => {
          const xml = Buffer.from(report1.slice(0, at) + text + report1.slice(at + 1));
          try {
            await readAnswer(xml);
          } catch (error) {
            expect(error).toBeInstanceOf(UnreadableFile);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('outcomes', () => {
  it('an item about which the bank says nothing is accepted, for ever', () => {
    expect(outcomeOf(item, 5)).toMatchObject({ kind: 'accepted', pollAfterMs: 5, railHandle: 'M1' });
  });

  it('free text of the bank, which may name a payee, goes no further', () => {
    const { said } = statusMeaning(word({ code: 'AC04', text: 'account NL84MOCK0000000003 is closed' }), {
      acccSettles: false,
    });
    expect(JSON.stringify(outcomeOf({ ...item, said }, 5))).not.toContain('MOCK');
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Instruction } from '../connector.js';
import { isIban } from './iso20022.config.js';
import {
  amountText,
  cutText,
  endToEndId,
  minorOf,
  planFile,
  railIdOf,
  violationsOf,
} from './iso20022.mapping.js';
import { config, instruction, payee } from './iso20022.rig-spec.js';

describe('what a file can hold', () => {
  it('amounts go to text and back exactly, with and without zeros at the end', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 1n, max: 10n ** 15n }),
        fc.integer({ min: 0, max: 4 }),
        (minor, exponent) => {
          const text = amountText(minor, exponent);
          expect(minorOf(text, exponent)).toBe(minor);
          expect(minorOf(exponent === 0 ? `${text}.00` : `${text}000`, exponent)).toBe(minor);
        },
      ),
    );
  });

  it.each<[string, number, bigint | undefined]>([
    ['10', 2, 1_000n],
    ['10.', 2, 1_000n],
    ['10.5', 2, 1_050n],
    ['10.505', 2, undefined],
    ['-10.50', 2, undefined],
    ['10,50', 2, undefined],
    ['1e3', 2, undefined],
    ['', 2, undefined],
    ['10.5', 0, undefined],
  ])('the amount %s with %i decimals is %s', (text, exponent, minor) => {
    expect(minorOf(text, exponent)).toBe(minor);
  });

  it('an EndToEndId leads back to its rail id, and no other text does', () => {
    fc.assert(fc.property(fc.uuid(), (railId) => expect(railIdOf(endToEndId(railId))).toBe(railId)));
    for (const text of ['', 'NOTPROVIDED', 'e'.repeat(31), 'g'.repeat(32)])
      expect(railIdOf(text)).toBeUndefined();
  });

  it('text is cut between characters, and spaces alone are no text', () => {
    expect(cutText(`${'a'.repeat(139)}💸💸`)).toBe(`${'a'.repeat(139)}💸`);
    expect(cutText(' a\r\n\tb ')).toBe('a b');
    expect(cutText(' \n ')).toBeUndefined();
  });

  it.each([
    ['NL41MOCK0000000001', true],
    ['GB82WEST12345698765432', true],
    ['NL42MOCK0000000001', false],
    ['nl41MOCK0000000001', false],
    ['', false],
  ])('the IBAN %s is right: %s', (text, right) => {
    expect(isIban(text)).toBe(right);
  });
});

describe('what cannot go into a file is said before it is sent', () => {
  const agreed = config({ payeeBanks: { BankRwRw: 'BKIGRWRW' } });

  it.each<[string, Partial<Instruction>, string[]]>([
    ['an IBAN', {}, []],
    ['an IBAN in groups of four', { payee: payee('iban', 'NL30 MOCK 0000 0000 05') }, []],
    ['an account at a bank of the list, in any case', { payee: payee('account_no', '123', 'BANKRWRW') }, []],
    ['an account at a BIC', { payee: payee('account', '123', 'BKIGRWRW') }, []],
    ['an IBAN with wrong check digits', { payee: payee('iban', 'NL31MOCK0000000005') }, ['address_refused']],
    [
      'an account at a bank nobody knows',
      { payee: payee('account_no', '123', 'NOBODY') },
      ['address_refused'],
    ],
    [
      'an account number of 35 characters',
      { payee: payee('account', '1'.repeat(35), 'BKIGRWRW') },
      ['address_refused'],
    ],
    ['a phone', { payee: payee('phone', '+250788000000', 'BKIGRWRW') }, ['address_refused']],
    ['a currency of another bank', { currency: 'USD' }, ['currency_refused']],
    ['an id that is no UETR', { railId: '3f2b8a52-6f0e-8c3a-9b1d-0a1b2c3d4e5f' }, ['instruction_invalid']],
    ['nothing', { amountMinor: 0n }, ['amount_refused']],
    ['19 digits', { amountMinor: 10n ** 18n }, ['amount_refused']],
  ])('%s', (_title, change, reasons) => {
    expect(violationsOf(instruction(change), agreed).map(({ reason }) => reason)).toEqual(reasons);
  });

  it('a payer without an account is our fault, not the payee’s', () => {
    const without = { ...agreed, defaultPayerAccount: undefined };
    const stranger = { text: 'treasury', scheme: '', id: 'treasury', provider: '' };
    expect(violationsOf(instruction({ payer: stranger }), without)).toMatchObject([
      { field: 'payer_fa', reason: 'instruction_invalid' },
    ]);
    expect(violationsOf(instruction(), without)).toEqual([]);
  });

  it('the narrative ends in the EndToEndId, however long the note is', () => {
    const item = instruction({ note: 'n'.repeat(500) });
    const { narrative } = planFile('l', [item], agreed).groups[0]!.items[0]!;
    expect(narrative).toHaveLength(140);
    expect(narrative.endsWith(` ${endToEndId(item.railId)}`)).toBe(true);
  });
});

describe('settings', () => {
  it.each<[Record<string, unknown>, RegExp]>([
    [{ hostKeys: [] }, /core-banking: settings\.hostKeys must be a list of fingerprints/],
    [{ hostKeys: ['MD5:00'] }, /settings\.hostKeys/],
    [{ password: undefined }, /settings\.privateKeyFile or settings\.password must be given/],
    [{ privateKeyFile: 'k' }, /and not both/],
    [{ payerBank: 'bank' }, /settings\.payerBank must be a BIC/],
    [{ defaultPayerAccount: 'iban:NL42MOCK0000000001' }, /settings\.defaultPayerAccount must be iban/],
    [{ payeeBanks: { x: '' } }, /settings\.payeeBanks\.x/],
    [{ timeZone: 'Moon' }, /settings\.timeZone/],
    [{ fileItemsMax: 20_000 }, /settings\.fileItemsMax must be at most/],
    [{ duplicateCheck: 'maybe' }, /settings\.duplicateCheck/],
    [{ acccSettles: 'yes' }, /settings\.acccSettles/],
    [{ fileNamePrefix: '../' }, /settings\.fileNamePrefix/],
  ])('%j is refused in one sentence', (change, sentence) => {
    expect(() => config(change)).toThrow(sentence);
  });
});

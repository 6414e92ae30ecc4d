import { describe, expect, it } from '@jest/globals';
import { RAIL_ID } from './iso20022.bank-spec.js';
import { endToEndId } from './iso20022.mapping.js';
import { looksLikeMt940, readMt940 } from './iso20022.mt940.js';
import { UnreadableFile } from '@gpo/xml';

const ID = endToEndId(RAIL_ID);
const statement = (...lines: string[]): Buffer =>
  Buffer.from(
    [
      '{1:F01MOCKNL2AXXXX0000000000}{4:',
      ':20:STMT1',
      ':25:NL41MOCK0000000001',
      ':28C:1/1',
      ':60F:C261125EUR125000,00',
      ...lines,
      ':62F:C261125EUR124989,50',
      '-}',
      '',
    ].join('\r\n'),
  );
const entries = (...lines: string[]): unknown[] => readMt940(statement(...lines)).words;

describe('MT940', () => {
  it('a debit whose narrative names our id is its booking', () => {
    expect(entries(':61:2611251125D10,50NTRFNONREF//MB-PMT-1', `:86:Pension ${ID}`)).toEqual([
      {
        ...{ kind: 'entry', endToEndId: ID, direction: 'debit', booked: true, reversal: false },
        ...{ amount: '10.50', currency: 'EUR', reference: 'MB-PMT-1' },
      },
    ]);
  });

  it.each([
    ['broken by a line', `:86:Pension ${ID.slice(0, 20)}`, ID.slice(20)],
    ['broken by sub-fields', `:86:166?00TRANSFER?20EREF+${ID.slice(0, 22)}?21${ID.slice(22)}?22SVWZ+Pension`],
    ['between slashes', `:86:/EREF/${ID}//REMI/Pension/`],
    ['after a line that ends in a letter of its alphabet', ':86:note abc', ID],
    ['in capitals', `:86:${ID.toUpperCase()}`],
  ])('the id is found %s', (_title, ...narrative) => {
    expect(entries(':61:261125D10,5NTRFNONREF', ...narrative)).toMatchObject([
      { endToEndId: ID, amount: '10.5' },
    ]);
  });

  it.each([
    ['C', 'credit', false],
    ['RD', 'credit', true],
    ['RC', 'debit', true],
  ])('the mark %s is a %s', (mark, direction, reversal) => {
    expect(entries(`:61:261125${mark}10,50NRTINONREF`, `:86:/RTRN/AC04/EREF/${ID}/`)).toMatchObject([
      { direction, reversal, code: 'AC04' },
    ]);
  });

  it('a narrative that names nobody, or several, is nobody’s, and belongs to no other line', () => {
    expect(entries(':61:261125D10,50NTRFNONREF', ':86:Salaries')).toEqual([]);
    expect(entries(':61:261125D21,00NTRFNONREF', `:86:${ID} ${ID.replace('3f', '4f')}`)).toEqual([]);
    expect(entries(':61:261125D10,50NTRFNONREF', ':61:261125D99,00NTRFNONREF', `:86:${ID}`)).toMatchObject([
      { amount: '99.00' },
    ]);
  });

  it('is told from XML by its first signs, and is refused without its balance', () => {
    expect([statement(), Buffer.from(':20:X')].map(looksLikeMt940)).toEqual([true, true]);
    expect(looksLikeMt940(Buffer.from('<?xml version="1.0"?>'))).toBe(false);
    expect(() => readMt940(Buffer.from(':20:X\r\n:61:261125D1,NTRFNONREF\r\n'))).toThrow(UnreadableFile);
  });
});

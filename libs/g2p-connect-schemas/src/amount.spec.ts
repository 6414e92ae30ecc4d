import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { currencyExponent, formatAmount, parseAmount } from './amount.js';

const CURRENCIES = ['KES', 'RWF', 'BHD', 'NGN', 'JPY', 'TND'] as const;

describe('D3: amounts', () => {
  it.each([
    ['100', 'KES', '100.00'],
    ['100.0', 'KES', '100.00'],
    ['1234.5', 'KES', '1234.50'],
    ['+7', 'KES', '7.00'],
    ['1e+2', 'KES', '100.00'],
    ['1.5E1', 'KES', '15.00'],
    ['0.01', 'KES', '0.01'],
    ['1234.5600000000002', 'KES', '1234.56'],
    ['1234.5599999999999', 'KES', '1234.56'],
    ['100.0', 'RWF', '100.00'],
    ['1.234', 'BHD', '1.234'],
    ['9999999999999.99', 'KES', '9999999999999.99'],
  ])('%s %s is %s', (text, currency, canonical) => {
    expect(parseAmount(text, currency)).toMatchObject({ ok: true, canonical });
  });

  it.each([
    ['33.333333333333336', 'KES', 'too_precise'],
    ['1.005', 'KES', 'too_precise'],
    ['1234.5', 'RWF', 'too_precise'],
    ['1.0000000011', 'KES', 'too_precise'],
    ['1e+16', 'KES', 'too_large'],
    ['10000000000000', 'KES', 'too_large'],
    ['1e999', 'KES', 'too_large'],
    ['1e20000', 'KES', 'not_a_decimal'],
    ['1e-20000', 'KES', 'not_a_decimal'],
    ['1e-999', 'KES', 'not_positive'],
    ['0', 'KES', 'not_positive'],
    ['0.00', 'KES', 'not_positive'],
    ['-1', 'KES', 'not_positive'],
    ['NaN', 'KES', 'not_a_decimal'],
    ['Infinity', 'KES', 'not_a_decimal'],
    ['1,000', 'KES', 'not_a_decimal'],
    ['', 'KES', 'not_a_decimal'],
    [' 1', 'KES', 'not_a_decimal'],
    ['0x10', 'KES', 'not_a_decimal'],
    ['٣', 'KES', 'not_a_decimal'],
    ['1', 'XXY', 'currency_unknown'],
    ['1', 'kes', 'currency_unknown'],
  ])('%s %s is refused: %s', (text, currency, reason) => {
    expect(parseAmount(text, currency)).toEqual({ ok: false, reason });
  });

  const minor = fc.bigInt({ min: 1n, max: 10n ** 13n - 1n });

  it('what is written is read back to the same minor units, and writing is stable', () => {
    fc.assert(
      fc.property(minor, fc.constantFrom(...CURRENCIES), (units, currency) => {
        const text = formatAmount(units, currencyExponent(currency)!);
        expect(parseAmount(text, currency)).toMatchObject({ ok: true, minor: units, canonical: text });
      }),
    );
  });

  it('every spelling of one number is the same amount', () => {
    fc.assert(
      fc.property(minor, fc.nat({ max: 6 }), fc.nat({ max: 6 }), (units, zeros, shift) => {
        const text = formatAmount(units, 2);
        const [whole, fraction] = text.split('.') as [string, string];
        const expected = parseAmount(text, 'KES');
        const spellings = [
          '0'.repeat(zeros) + text + '0'.repeat(zeros),
          `${whole}${fraction}e-2`,
          `${whole}${fraction}${'0'.repeat(shift)}E-${2 + shift}`,
        ];
        for (const spelling of spellings) expect(parseAmount(spelling, 'KES')).toEqual(expected);
      }),
    );
  });

  it('a float print of a payable amount is that amount: noise never changes it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000_000 }), (units) => {
        const float = units / 100;
        expect(parseAmount(String(float), 'KES')).toMatchObject({ ok: true, minor: BigInt(units) });
        const noisy = float + Number.EPSILON * float;
        expect(parseAmount(String(noisy), 'KES')).toMatchObject({ ok: true, minor: BigInt(units) });
      }),
    );
  });

  it('never throws and never gives an amount outside 13 digits', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.double().map(String)), (text) => {
        const money = parseAmount(text, 'KES');
        if (money.ok) expect(money.minor > 0n && money.minor < 10n ** 15n).toBe(true);
      }),
    );
  });
});

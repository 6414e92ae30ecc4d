import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseAmount } from '../amount.js';
import { NumberText } from '../exact-json.js';
import { readLine, type LineReading } from './line.js';
import { PROFILES, type Profile } from './profile.js';

const good = {
  reference_id: 'r-1',
  payee_fa: 'account_no:1@BANKRWRW',
  amount: '100.0',
  currency_code: 'KES',
};
const defaults = { payerFa: 'account_no:1@TREASURY' };

function read(
  change: Record<string, unknown>,
  profile: Profile['id'] = 'openg2p',
): Extract<LineReading, { kind: 'line' }> {
  const reading = readLine({ ...good, ...change }, PROFILES[profile], defaults);
  if (reading.kind !== 'line') throw new Error(reading.message);
  return reading;
}

const both = ['strict', 'openg2p'] as const;

describe('what deployed clients put into a line, row by row', () => {
  it('2.2 payer_fa: empty is the sender default, and that it was empty is remembered (D23)', () => {
    for (const profile of both) {
      for (const payer_fa of ['', undefined, null]) {
        expect(read({ payer_fa }, profile)).toMatchObject({
          payerFa: defaults.payerFa,
          payerAbsent: true,
          violations: [],
        });
      }
    }
    expect(read({ payer_fa: 'account:2@t' })).toMatchObject({
      payerFa: 'account:2@t',
      payerAbsent: false,
    });
  });

  it('2.2 payee_fa: bare numbers are kept with their zeros; null and False are refused', () => {
    expect(read({ payee_fa: '000123' })).toMatchObject({
      payeeFa: '000123',
      payeeId: '000123',
      payeeScheme: '',
    });
    for (const payee_fa of [
      null,
      false,
      '',
      'False+250788000000',
      'False987650False',
      'account_no:1@False',
    ]) {
      expect(read({ payee_fa }).violations).toEqual(['rjct.payee_fa.invalid']);
    }
    expect(read({ payee_fa: new NumberText('123') }).violations).toEqual(['rjct.payee_fa.invalid']);
  });

  it('2.2 payee_fa: a bare number is read with the scheme of the sender settings; the text stays', () => {
    const bareAccount = { scheme: 'account_no', provider: 'BANKRWRW' };
    const reading = (payee_fa: string): LineReading =>
      readLine({ ...good, payee_fa }, PROFILES.openg2p, { ...defaults, bareAccount });
    expect(reading('000123')).toMatchObject({
      payeeFa: '000123',
      payeeScheme: 'account_no',
      payeeId: '000123',
      payeeProvider: 'BANKRWRW',
    });
    expect(reading('phone:+2547')).toMatchObject({ payeeScheme: 'phone', payeeProvider: '' });
    expect(reading('1@x')).toMatchObject({ payeeScheme: '', payeeProvider: 'x' });
  });

  it('2.2 amount: number tokens and float prints are exact decimals (D3)', () => {
    for (const profile of both) {
      expect(read({ amount: new NumberText('100.0') }, profile)).toMatchObject({
        amount: '100.00',
        violations: [],
      });
      expect(read({ amount: '1234.5' }, profile)).toMatchObject({ amount: '1234.50', amountMinor: 123450n });
      for (const amount of ['33.333333333333336', '1e+16', 'NaN', '', '0', true, {}, null, undefined]) {
        expect(read({ amount }, profile).violations).toEqual(['rjct.amount.invalid']);
        expect(read({ amount }, profile).amountMinor).toBeNull();
      }
    }
  });

  it('2.2 scheduled_timestamp: empty is now, naive with a space is UTC for openg2p only', () => {
    expect(read({ scheduled_timestamp: '' })).toMatchObject({ dueAt: null, violations: [] });
    const naive = { scheduled_timestamp: '2099-11-22 05:54:59.850324' };
    expect(read(naive)).toMatchObject({ dueAt: new Date('2099-11-22T05:54:59.850Z'), violations: [] });
    expect(read(naive, 'strict').violations).toEqual(['rjct.schedule_ts.invalid']);
    expect(read({ scheduled_timestamp: '2026-02-31T00:00:00Z' }).violations).toEqual([
      'rjct.schedule_ts.invalid',
    ]);
  });

  it('2.2 note: longer than the standard is kept for openg2p, and refused for a strict sender', () => {
    const note = 'Payment for Cycle 1 under '.padEnd(150, 'x');
    expect(read({ note })).toMatchObject({ note, violations: [] });
    expect(read({ note }, 'strict').violations).toEqual(['rjct.note.invalid']);
    expect(read({ note: 'string' }, 'strict').violations).toEqual([]);
  });

  it('2.2 payee_name: JSON false is absent for openg2p, and no text for a strict sender', () => {
    expect(read({ payee_name: false })).toMatchObject({ violations: [] });
    expect(read({ payee_name: false })).toMatchObject({ payeeName: undefined });
    expect(read({ payee_name: false }, 'strict').violations).toEqual(['rjct.payee_name.invalid']);
  });

  it('2.2 locale: free text of the configuration is stored as it is (D6)', () => {
    for (const locale of ['eng', 'en', 'en_US', '']) {
      expect(read({ locale }, 'strict').violations).toEqual([]);
    }
    expect(read({ locale: 'en_US' }, 'strict').locale).toBe('en_US');
    expect(read({ locale: 'my language' })).toMatchObject({ locale: 'my language', violations: [] });
    expect(read({ locale: 'my language' }, 'strict').violations).toEqual(['rjct.locale.invalid']);
  });

  it('2.2 currency_code: false or unknown is refused', () => {
    for (const currency_code of [false, '', 'XXY', 'kes', null]) {
      expect(read({ currency_code }).violations).toContain('rjct.currency_code.invalid');
    }
  });
});

describe('a line that cannot be paid', () => {
  it.each([
    ['payer_name', 256],
    ['payee_name', 256],
    ['note', 100],
    ['purpose', 100],
    ['instruction', 1000],
    ['locale', 36],
  ])('%s over its limit has a violation of its own for a strict sender', (field, length) => {
    expect(read({ [field]: 'x'.repeat(length) }, 'strict').violations).toEqual([`rjct.${field}.invalid`]);
  });

  it.each(['payer_name', 'payee_name', 'note', 'purpose', 'instruction', 'locale'])(
    '%s that is no text has a violation; a number is text for openg2p',
    (field) => {
      for (const value of [true, {}, ['x']]) {
        expect(read({ [field]: value }, 'strict').violations).toEqual([`rjct.${field}.invalid`]);
        expect(read({ [field]: value }).violations).toEqual([`rjct.${field}.invalid`]);
      }
      expect(read({ [field]: new NumberText('5') }, 'strict').violations).toEqual([`rjct.${field}.invalid`]);
      expect(read({ [field]: new NumberText('5') }).violations).toEqual([]);
    },
  );

  it('whatever is sent, what is kept of a line stays far below the 1 MB of a Kafka record, and nothing throws', () => {
    const long = fc.oneof(
      fc.constantFrom('\u{1F33E}', '\u0001', 'x', '9').map((unit) => unit.repeat(300_000)),
      fc.string(),
      fc.anything(),
    );
    const line = fc.dictionary(
      fc.constantFrom(
        'reference_id',
        'payer_fa',
        'payee_fa',
        'amount',
        'currency_code',
        'scheduled_timestamp',
        'payer_name',
        'payee_name',
        'note',
        'purpose',
        'instruction',
        'locale',
        'meta',
      ),
      long,
    );
    fc.assert(
      fc.property(line, fc.constantFrom(...both), (fields, profile) => {
        const reading = readLine({ ...good, ...fields }, PROFILES[profile], defaults);
        const json = JSON.stringify(reading, (_, value: unknown) =>
          typeof value === 'bigint' ? String(value) : value,
        );
        expect(Buffer.byteLength(json)).toBeLessThan(200_000);
        expect(json).not.toMatch(/\\ud[89a-f]/);
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ['1e20000', '1e…'],
    ['1e-20000', '1e-…'],
    ['1E+999999999', '1E+…'],
    ['9'.repeat(100_000), `${'9'.repeat(40)}…`],
    [`100.005${'0'.repeat(60)}`, `100.005${'0'.repeat(33)}…`],
    ['ten', 'ten'],
  ])('an amount that is none is kept as a text that nobody reads as a number (%#)', (sent, kept) => {
    for (const amount of [sent, new NumberText(sent)]) {
      const line = read({ amount });
      expect(line).toMatchObject({ amount: kept, amountMinor: null, violations: ['rjct.amount.invalid'] });
      expect(parseAmount(line.amount, 'KES').ok).toBe(false);
    }
  });

  it.each([
    [null],
    ['text'],
    [[]],
    [{}],
    [{ reference_id: '' }],
    [{ reference_id: 'a\u0007' }],
    [new NumberText('1')],
  ])('without a usable reference it is refused: %p', (raw) => {
    expect(readLine(raw, PROFILES.openg2p, defaults)).toMatchObject({
      kind: 'refused',
      errors: ['rjct.reference_id.invalid'],
    });
  });

  it('a numeric reference is its source text', () => {
    expect(read({ reference_id: new NumberText('0.10') }).referenceId).toBe('0.10');
  });
});

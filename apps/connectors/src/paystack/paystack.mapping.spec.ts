import { describe, expect, it } from '@jest/globals';
import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import type { Instruction } from '../connector.js';
import { readPaystackConfig } from './paystack.config.js';
import {
  recipientAccount,
  recipientBody,
  recipientKey,
  transferBody,
  violationsOf,
} from './paystack.mapping.js';
import { readWebhook } from './paystack.webhook.js';

const SETTINGS = {
  baseUrl: 'http://127.0.0.1:1/',
  secretKey: 'sk_test_x',
  currencies: ['NGN', 'GHS', 'KES', 'ZAR'],
  bankCodes: { BANKNGLA: '058', mpesa: 'MPESA', MTN: 'MTN' },
};
const config = readPaystackConfig('pay', SETTINGS);

function instruction(
  change: Partial<Instruction> = {},
  payee: Partial<Instruction['payee']> = {},
): Instruction {
  return {
    railId: '3f2b8a52-6f0e-4c3a-9b1d-0a1b2c3d4e5f',
    batchId: 'b',
    disbursementId: '00000000-0000-8000-8000-000000000001',
    attempt: 1,
    referenceId: 'r',
    payer: { text: 'x', scheme: '', id: 'x', provider: '' },
    payee: { text: '', scheme: 'account_no', id: '0123456789', provider: 'BANKNGLA', ...payee },
    amountMinor: 150_050n,
    currency: 'NGN',
    exponent: 2,
    ...change,
  };
}

describe('an instruction in the words of Paystack', () => {
  it('is an amount in subunits, our rail id as reference, and a narration that leads back to the line', () => {
    expect(transferBody(instruction({ note: 'Cash\ntransfer' }), 'RCP_1')).toEqual({
      source: 'balance',
      currency: 'NGN',
      amount: 150_050,
      recipient: 'RCP_1',
      reference: '3f2b8a52-6f0e-4c3a-9b1d-0a1b2c3d4e5f',
      reason: 'Cash transfer 00000000-0000-8000-8000-000000000001',
    });
  });

  it('keeps every amount exact on the wire', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: BigInt(Number.MAX_SAFE_INTEGER) }), (amountMinor) => {
        const text = JSON.stringify(transferBody(instruction({ amountMinor }), 'R'));
        expect(BigInt(/"amount":(\d+)/.exec(text)![1]!)).toBe(amountMinor);
      }),
    );
  });

  it('has a narration of at most 100 characters that still ends in the disbursement id', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (note) => {
        const { reason } = transferBody(instruction({ note }), 'R') as { reason: string };
        expect(Array.from(reason).length).toBeLessThanOrEqual(100);
        expect(reason.endsWith('00000000-0000-8000-8000-000000000001')).toBe(true);
      }),
    );
  });

  it.each([
    ['a Nigerian account', {}, {}, ['nuban', '0123456789', '058']],
    ['an account with spaces', {}, { id: '0123 456-789' }, ['nuban', '0123456789', '058']],
    ['a Ghanaian account', { currency: 'GHS' }, {}, ['ghipss', '0123456789', '058']],
    ['a South African account', { currency: 'ZAR' }, {}, ['basa', '0123456789', '058']],
    [
      'a Kenyan wallet',
      { currency: 'KES' },
      { scheme: 'phone', id: '+254712345678', provider: 'MPesa' },
      ['mobile_money', '0712345678', 'MPESA'],
    ],
    [
      'a Ghanaian wallet in national form',
      { currency: 'GHS' },
      { scheme: 'msisdn', id: '0551234987', provider: 'mtn' },
      ['mobile_money', '0551234987', 'MTN'],
    ],
  ] as const)('pays %s', (_title, change, payee, [type, account_number, bank_code]) => {
    const account = recipientAccount(instruction(change, payee), config);
    expect(account).toMatchObject({ type, account_number, bank_code });
    expect(violationsOf(instruction(change, payee), config)).toEqual([]);
  });

  it.each([
    ['a Kenyan bank account', { currency: 'KES' }, {}, 'address_refused'],
    ['a wallet in naira', {}, { scheme: 'phone', id: '+2348012345678' }, 'address_refused'],
    [
      'a number of another country',
      { currency: 'KES' },
      { scheme: 'phone', id: '+4915112345678' },
      'address_refused',
    ],
    ['a provider without a bank code', {}, { provider: 'NOBANK' }, 'address_refused'],
    ['a scheme the rail does not know', {}, { scheme: 'iban' }, 'address_refused'],
    ['a currency the lane does not pay', { currency: 'USD' }, {}, 'currency_refused'],
    ['a currency with other decimals', { exponent: 0 }, {}, 'currency_refused'],
    ['nothing', { amountMinor: 0n }, {}, 'amount_refused'],
    ['more than JSON holds exactly', { amountMinor: 2n ** 53n }, {}, 'amount_refused'],
    ['a reference of capitals', { railId: 'ABCDEFGHIJKLMNOPQR' }, {}, 'instruction_invalid'],
    ['a short reference', { railId: 'abc' }, {}, 'instruction_invalid'],
  ] as const)('refuses %s before it is sent', (_title, change, payee, reason) => {
    expect(violationsOf(instruction(change, payee), config).map((found) => found.reason)).toContain(reason);
  });

  it('names a recipient by account and currency, not by name, and tells nobody who it is', () => {
    const account = recipientAccount(instruction(), config);
    const other = recipientAccount(instruction({ currency: 'GHS' }), config);
    if (typeof account === 'string' || typeof other === 'string') throw new Error('no account');
    expect(recipientKey(account)).toMatch(/^[0-9a-f]{64}$/);
    expect(recipientKey(account)).not.toBe(recipientKey(other));
    expect(recipientBody(account, ' Esi Eze ').name).toBe('Esi Eze');
    expect(recipientBody(account, undefined).name).toBe('0123456789');
  });
});

describe('the settings of a lane', () => {
  it.each([
    [{ currencies: ['NGN', 'USD'] }, 'settings.currencies names USD'],
    [{ bulkMax: 101 }, 'settings.bulkMax must be at most 100'],
    [{ secretKey: '' }, 'settings.secretKey must be a text'],
    [{ baseUrl: 'http://rail.example' }, 'must use https'],
  ])('%j stops the boot with one sentence', (change, sentence) => {
    expect(() => readPaystackConfig('pay', { ...SETTINGS, ...change })).toThrow(sentence);
  });
});

describe('a webhook', () => {
  const RAIL_ID = '3f2b8a52-6f0e-4c3a-9b1d-0a1b2c3d4e5f';
  const message = (
    body: string,
    signature?: string,
    key = 'sk_test_x',
  ): Parameters<typeof readWebhook>[0] => ({
    method: 'POST',
    path: '',
    headers: {
      'x-paystack-signature': signature ?? createHmac('sha512', key).update(Buffer.from(body)).digest('hex'),
    },
    body: Buffer.from(body),
  });
  const event = (name = 'transfer.success', reference: unknown = RAIL_ID): string =>
    JSON.stringify({ event: name, data: { reference, status: 'success' } });

  it.each(['transfer.success', 'transfer.failed', 'transfer.reversed'])(
    '%s only wakes its reference',
    (name) => {
      expect(readWebhook(message(event(name)), 'sk_test_x')).toEqual({
        wake: [{ railId: RAIL_ID }],
        outcomes: [],
      });
    },
  );

  it('is signed over the bytes, not over what they say', () => {
    const spaced = event().replace(':', ': ');
    const signature = createHmac('sha512', 'sk_test_x').update(event()).digest('hex');
    expect(readWebhook(message(spaced, signature), 'sk_test_x').refused).toBeDefined();
    expect(readWebhook(message(spaced), 'sk_test_x').wake).toHaveLength(1);
  });

  it.each([
    ['of another key', message(event(), undefined, 'sk_other')],
    ['that is no signature', message(event(), 'x')],
    ['that is empty', message(event(), '')],
    ['that is missing', { ...message(event()), headers: {} }],
    ['that stands there twice', { ...message(event()), headers: { 'x-paystack-signature': ['a', 'b'] } }],
  ])('with a signature %s is refused and wakes nobody', (_title, given) => {
    expect(readWebhook(given, 'sk_test_x')).toMatchObject({
      wake: [],
      outcomes: [],
      refused: expect.any(String),
    });
  });

  it.each([
    ['of a charge', event('charge.success')],
    ['with a reference that cannot be ours', event('transfer.success', 'X')],
    ['without a reference', event('transfer.success', null)],
    ['that is not JSON', 'transfer.success'],
  ])('%s wakes nobody', (_title, body) => {
    expect(readWebhook(message(body), 'sk_test_x')).toEqual({ wake: [], outcomes: [] });
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Instruction } from '../connector.js';
import { readGsmaConfig } from './gsma.config.js';
import { amountText, correlationId, requestBody, violationsOf } from './gsma.mapping.js';

const RAIL_ID = '3f2b8a52-6f0e-4c3a-9b1d-0a1b2c3d4e5f';
const SETTINGS = {
  baseUrl: 'http://127.0.0.1:1/gsma/x',
  tokenUrl: 'http://127.0.0.1:1/gsma/x/oauth2/token',
  clientId: 'id',
  clientSecret: 'secret',
  currencies: ['KES', 'RWF'],
};
const config = readGsmaConfig('x', SETTINGS);

const instruction: Instruction = {
  railId: RAIL_ID,
  batchId: 'b0000000-0000-8000-8000-000000000001',
  disbursementId: 'd0000000-0000-8000-8000-000000000001',
  attempt: 1,
  referenceId: 'ref-1',
  payer: { text: 'account_no:1@TREASURY', scheme: 'account_no', id: '1', provider: 'TREASURY' },
  payee: { text: 'phone:+254700000001', scheme: 'phone', id: '+254700000001', provider: '' },
  amountMinor: 12_340n,
  currency: 'KES',
  exponent: 2,
};

describe('amount on the wire', () => {
  it.each([
    [20_000n, 2, '200'],
    [12_340n, 2, '123.4'],
    [1n, 2, '0.01'],
    [5n, 0, '5'],
    [1_500n, 0, '1500'],
    [10n, 3, '0.01'],
    [99_999_999_999_999_999_999n, 2, '999999999999999999.99'],
  ])('%s minor units with %s decimals become %s, without trailing zeros', (minor, exponent, text) => {
    expect(amountText(minor, exponent)).toBe(text);
  });

  it('comes back exact from the wire for every amount and exponent, and matches the pattern of the specification', () => {
    const pattern = /^([0]|([1-9][0-9]{0,17}))([.][0-9]{0,3}[1-9])?$/;
    fc.assert(
      fc.property(fc.bigInt(1n, 10n ** 18n - 1n), fc.integer({ min: 0, max: 4 }), (minor, exponent) => {
        const wire = amountText(minor, exponent);
        const [whole = '', fraction = ''] = wire.split('.');
        expect(wire).toMatch(pattern);
        expect(BigInt(whole + fraction.padEnd(exponent, '0'))).toBe(minor);
      }),
    );
  });
});

describe('instruction to request body', () => {
  it('carries reference, ids and parties in the fields of the specification', () => {
    expect(requestBody({ ...instruction, note: 'Cycle 1', purpose: 'Cash' }, config)).toEqual({
      amount: '123.4',
      currency: 'KES',
      creditParty: [{ key: 'msisdn', value: '+254700000001' }],
      debitParty: [{ key: 'accountid', value: '1' }],
      requestingOrganisationTransactionReference: 'ref-1',
      descriptionText: 'Cycle 1',
      metadata: [
        { key: 'disbursementId', value: instruction.disbursementId },
        { key: 'batchId', value: instruction.batchId },
        { key: 'purpose', value: 'Cash' },
      ],
    });
  });

  it.each([
    ['phone', 'msisdn'],
    ['MSISDN', 'msisdn'],
    ['mobile', 'msisdn'],
    ['account_no', 'accountid'],
    ['account', 'accountid'],
    ['iban', 'iban'],
    ['constructor', 'walletid'],
  ])('addresses the scheme %s by %s', (scheme, key) => {
    const body = requestBody({ ...instruction, payee: { ...instruction.payee, scheme } }, config);
    expect(body).toMatchObject({ creditParty: [{ key, value: '+254700000001' }] });
  });

  it('cuts a note at 160 characters and never inside one', () => {
    const body = requestBody({ ...instruction, note: '\u{1F33E}'.repeat(161) }, config);
    expect(body).toMatchObject({ descriptionText: '\u{1F33E}'.repeat(160) });
  });

  it('pays from the account that the lane names for the payer', () => {
    const settings = {
      ...SETTINGS,
      payerAccounts: { 'account_no:1@TREASURY': 'gov-1' },
      defaultPayerAccount: 'gov-0',
    };
    const named = readGsmaConfig('x', settings);
    expect(requestBody(instruction, named)).toMatchObject({
      debitParty: [{ key: 'accountid', value: 'gov-1' }],
    });
    const other = { ...instruction, payer: { ...instruction.payer, text: 'other' } };
    expect(requestBody(other, named)).toMatchObject({ debitParty: [{ key: 'accountid', value: 'gov-0' }] });
  });

  it('puts hyphens into a rail id without them', () => {
    expect(correlationId(RAIL_ID.replaceAll('-', ''))).toBe(RAIL_ID);
    expect(correlationId(RAIL_ID)).toBe(RAIL_ID);
  });

  it.each([
    ['currency', { currency: 'SLE' }],
    ['amount', { amountMinor: 0n }],
    ['amount', { amountMinor: 10n ** 20n }],
    ['amount', { exponent: 5 }],
    ['payee', { payee: { ...instruction.payee, id: '' } }],
    ['payee', { payee: { ...instruction.payee, id: '1\n2' } }],
    ['payer', { payer: { ...instruction.payer, id: '' } }],
    ['reference_id', { referenceId: 'r'.repeat(257) }],
  ])('finds a wrong %s offline', (field, change) => {
    expect(violationsOf({ ...instruction, ...change }, config).map((violation) => violation.field)).toEqual([
      field,
    ]);
  });

  it('finds nothing wrong in a right instruction', () => {
    expect(violationsOf(instruction, config)).toEqual([]);
  });
});

describe('settings of a lane', () => {
  it.each([
    [{ ...SETTINGS, baseUrl: undefined }, 'settings.baseUrl must be a text'],
    [{ ...SETTINGS, baseUrl: 'http://pay.example.org' }, 'settings.baseUrl must use https'],
    [{ ...SETTINGS, currencies: [] }, 'settings.currencies must be a list'],
    [{ ...SETTINGS, requestTimeoutMs: 0 }, 'settings.requestTimeoutMs must be a whole number from 1'],
    [
      { ...SETTINGS, transactionStatuses: { done: 'paid' } },
      'settings.transactionStatuses.done must be one of',
    ],
    [[], 'settings must be an object'],
  ])('refuses %j with one sentence that names lane and setting', (settings, sentence) => {
    expect(() => readGsmaConfig('momo', settings)).toThrow(`Lane momo: ${sentence}`);
  });
});

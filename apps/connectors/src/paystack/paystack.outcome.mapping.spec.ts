import { describe, expect, it } from '@jest/globals';
import type { RailAnswer } from '../rail-http.js';
import { PAYSTACK_CODES, PAYSTACK_STATUSES } from './paystack.codes.js';
import { readPaystackConfig } from './paystack.config.js';
import { paystackManifest } from './paystack.manifest.js';
import {
  readBulk,
  readTransfer,
  refusalOf,
  saysUnknownReference,
  transferOutcome,
  wordsOf,
} from './paystack.outcome.mapping.js';

const RAIL_ID = '3f2b8a52-6f0e-4c3a-9b1d-0a1b2c3d4e5f';

function answer(status: number, body?: Record<string, unknown>): RailAnswer {
  return { status, body, retryAfterMs: undefined };
}

function refused(code: string | undefined, message = 'words of the rail', status = 400): RailAnswer {
  return answer(status, { status: false, message, ...(code === undefined ? {} : { code }) });
}

const STATUSES: [string, Record<string, unknown>][] = [
  ['success', { kind: 'settled' }],
  ['pending', { kind: 'accepted', pollAfterMs: 7 }],
  ['received', { kind: 'accepted', pollAfterMs: 7 }],
  ['otp', { kind: 'accepted', laneTrouble: { kind: 'configuration' } }],
  ['failed', { kind: 'rejected', retryable: true, reason: 'rail_unavailable' }],
  ['reversed', { kind: 'returned', reason: 'reversed' }],
  ['abandoned', { kind: 'rejected', retryable: false, reason: 'declined' }],
  ['blocked', { kind: 'rejected', retryable: false, reason: 'declined' }],
  ['rejected', { kind: 'rejected', retryable: false, reason: 'declined' }],
];

const CODES: [string, Record<string, unknown>][] = [
  ['duplicate_transfer_reference', { kind: 'duplicate' }],
  ['insufficient_balance', { kind: 'payer_funds' }],
  ['invalid_bank_code', { kind: 'rejected', retryable: false, reason: 'address_refused' }],
  ['invalid_account_number', { kind: 'rejected', retryable: false, reason: 'payee_unknown' }],
  ['account_on_watchlist', { kind: 'rejected', retryable: false, reason: 'payee_blocked' }],
  ['invalid_amount', { kind: 'rejected', retryable: false, reason: 'amount_refused' }],
  ['missing_params', { kind: 'rejected', retryable: false, reason: 'instruction_invalid' }],
  ['invalid_transfer_recipient', { kind: 'stale_recipient' }],
  ['transfer_unavailable', { kind: 'configuration' }],
  ['otp_required', { kind: 'configuration' }],
  ['invalid_key', { kind: 'auth' }],
  ['rate_limited', { kind: 'throttled' }],
  ['processor_error', { kind: 'unknown' }],
];

const SENTENCES: [string, string][] = [
  ['Please provide a unique reference. Reference already exists on a transfer', 'duplicate'],
  ['Duplicate Transfer Reference', 'duplicate'],
  ['Your balance is not enough to fulfil this request', 'payer_funds'],
  ['Bank is invalid', 'rejected'],
  ['Account number is invalid', 'rejected'],
  ['Could not resolve account name. Check parameters or try again.', 'rejected'],
  ['The account number of the recipient is on a fraud watchlist', 'rejected'],
  ['Recipient specified is invalid', 'stale_recipient'],
  ['You cannot initiate third party payouts as a starter business', 'configuration'],
  ['OTP requirement has to be disabled to use this endpoint', 'configuration'],
  ['Invalid key', 'auth'],
];

describe('status of a transfer', () => {
  it.each(STATUSES)('%s is %j', (status, expected) => {
    const transfer = readTransfer({ reference: RAIL_ID, status, transfer_code: 'TRF_1' })!;
    const outcome = transferOutcome(RAIL_ID, transfer, 7);
    expect(outcome).toMatchObject({ ...expected, rawCode: status, railReference: 'TRF_1' });
  });

  it('has a test for every status of the table', () => {
    expect(Object.keys(PAYSTACK_STATUSES).sort()).toEqual(STATUSES.map(([status]) => status).sort());
  });

  it.each(['teleported', 'SUCCESS', '', 'constructor'])('%j is in no table: unknown', (status) => {
    const outcome = transferOutcome(RAIL_ID, { reference: RAIL_ID, status, transferCode: undefined }, 7);
    expect(outcome.kind).toBe('unknown');
  });
});

describe('an answer that refuses', () => {
  it.each(CODES)('the code %s means %j', (code, expected) => {
    expect(refusalOf(refused(code))).toMatchObject(expected);
    expect(wordsOf(refused(code))).toEqual({ rawCode: code, rawText: 'words of the rail' });
  });

  it('has a test for every code of the table', () => {
    expect(Object.keys(PAYSTACK_CODES).sort()).toEqual(CODES.map(([code]) => code).sort());
  });

  it('and every word stands in the manifest', () => {
    const settings = { baseUrl: 'http://127.0.0.1:1', secretKey: 'k', currencies: ['NGN'], bankCodes: {} };
    const { codes } = paystackManifest(readPaystackConfig('x', settings));
    expect(Object.keys(codes).sort()).toEqual([...STATUSES, ...CODES].map(([word]) => word).sort());
  });

  it.each(SENTENCES)('without a code the sentence "%s" means %s', (message, kind) => {
    expect(refusalOf(refused(undefined, message))).toMatchObject({ kind });
  });

  it.each([
    ['a code of another spelling', refused('invalid_Key', 'x', 401), 'auth'],
    ['a code that nobody listed', refused('something_invented'), 'unknown'],
    ['a code that names a property of every object', refused('constructor'), 'unknown'],
    ['no code and no known sentence', refused(undefined, 'Something else'), 'unknown'],
    ['a listed code with 500', refused('invalid_account_number', 'x', 500), 'unknown'],
    [
      'a listed code with 200, which says that the call went well',
      refused('insufficient_balance', 'x', 200),
      'payer_funds',
    ],
    ['a listed code without the flag that it failed', answer(400, { code: 'invalid_amount' }), 'unknown'],
    ['401 without a body', answer(401), 'auth'],
    ['403 without a code', answer(403, { message: 'no' }), 'auth'],
    ['403 with a code', refused('transfer_unavailable', 'x', 403), 'configuration'],
    ['429', answer(429), 'throttled'],
    ['404 of something in between', answer(404), 'unknown'],
    ['301', answer(301), 'unknown'],
    ['200 without a body', answer(200), 'unknown'],
    ['503', answer(503, { status: false, message: 'Service unavailable' }), 'unknown'],
  ])('%s is read as such', (_title, given, kind) => {
    expect(refusalOf(given)).toMatchObject({ kind });
  });
});

describe('an answer to a query', () => {
  it.each([
    [answer(404, { status: false, message: 'Transfer not found' }), true],
    [answer(400, { status: false, message: 'Transfer not found' }), true],
    [answer(404, { status: false, message: 'Entity not found' }), true],
    [answer(404, { status: false, message: 'Page not found' }), false],
    [answer(404, { message: 'Transfer not found' }), false],
    [answer(404), false],
    [answer(500, { status: false, message: 'Transfer not found' }), false],
  ])('%j says "never seen": %s', (given, expected) => {
    expect(saysUnknownReference(given)).toBe(expected);
  });
});

describe('a bulk answer', () => {
  const item = (reference: string, status: string): object => ({ reference, status, transfer_code: 'T' });

  it('gives one status per reference, whatever the order, and none for what it leaves out', () => {
    const found = readBulk(
      answer(200, { status: true, data: [item('b', 'received'), item('a', 'failed'), {}] }),
    );
    expect([...found!].map(([reference, { status }]) => [reference, status])).toEqual([
      ['b', 'received'],
      ['a', 'failed'],
    ]);
  });

  it('that contradicts itself is not believed', () => {
    const found = readBulk(answer(200, { status: true, data: [item('a', 'success'), item('a', 'failed')] }));
    expect(transferOutcome('a', found!.get('a')!, 1).kind).toBe('unknown');
  });

  it.each([
    ['without a list', answer(200, { status: true, data: {} })],
    ['that says no', answer(200, { status: false, data: [] })],
    ['with another status', answer(202, { status: true, data: [] })],
  ])('%s is none', (_title, given) => {
    expect(readBulk(given)).toBeUndefined();
  });
});

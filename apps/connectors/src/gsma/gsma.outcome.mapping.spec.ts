import { describe, expect, it } from '@jest/globals';
import type { RailAnswer } from '../rail-http.js';
import { GSMA_CODES } from './gsma.codes.js';
import { readGsmaConfig } from './gsma.config.js';
import {
  recordOutcome,
  requestStateOutcome,
  submitMeaning,
  transactionOutcome,
} from './gsma.outcome.mapping.js';

const RAIL_ID = '3f2b8a52-6f0e-4c3a-9b1d-0a1b2c3d4e5f';
const SETTINGS = {
  baseUrl: 'http://127.0.0.1:1/gsma/x',
  tokenUrl: 'http://127.0.0.1:1/gsma/x/oauth2/token',
  clientId: 'id',
  clientSecret: 'secret',
  currencies: ['KES'],
};
const config = readGsmaConfig('x', SETTINGS);

function answer(status: number, body?: Record<string, unknown>): RailAnswer {
  return { status, body, retryAfterMs: undefined };
}

function refusal(status: number, errorCategory: string, errorCode: string): RailAnswer {
  return answer(status, { errorCategory, errorCode, errordescription: 'words of the rail' });
}

const REJECTED: [string, string, boolean][] = [
  ['dailyVolumeLimitExceeded', 'payee_limit', true],
  ['dailyValueLimitExceeded', 'payee_limit', true],
  ['weeklyVolumeLimitExceeded', 'payee_limit', true],
  ['weeklyValueLimitExceeded', 'payee_limit', true],
  ['monthlyVolumeLimitExceeded', 'payee_limit', true],
  ['monthlyValueLimitExceeded', 'payee_limit', true],
  ['formatError', 'instruction_invalid', false],
  ['lengthError', 'instruction_invalid', false],
  ['negativeValue', 'instruction_invalid', false],
  ['mandatoryValueNotSupplied', 'instruction_invalid', false],
  ['currencyNotSupported', 'currency_refused', false],
  ['lessThanTransactionMinValue', 'amount_refused', false],
  ['greaterThanTransactionMaxValue', 'amount_refused', false],
  ['maxBalanceExceeded', 'payee_limit', false],
  ['samePartiesError', 'address_refused', false],
  ['transactionTypeError', 'declined', false],
  ['incorrectState', 'declined', false],
  ['linkViolation', 'declined', false],
  ['identifierError', 'payee_unknown', false],
  ['requestDeclined', 'declined', false],
  ['servicingPartyAuthorisationError', 'declined', false],
  ['requestingPartyAuthorisationError', 'declined', false],
];
const NOT_TAKEN: [string, string][] = [
  ['duplicateRequest', 'duplicate'],
  ['rateLimitError', 'throttled'],
  ['insufficientFunds', 'payer_funds'],
  ['clientAuthorisationError', 'auth'],
];

describe('answer to the POST', () => {
  it.each(REJECTED)('%s rejects for %s (retryable: %s)', (code, reason, retryable) => {
    expect(submitMeaning(RAIL_ID, refusal(400, 'businessRule', code), config)).toMatchObject({
      kind: 'outcome',
      outcome: { kind: 'rejected', reason, retryable, rawCode: code, rawText: 'words of the rail' },
    });
  });

  it.each(NOT_TAKEN)('%s means %s', (code, kind) => {
    expect(submitMeaning(RAIL_ID, refusal(400, 'businessRule', code), config)).toEqual({ kind });
  });

  it('has a test for every code of the table', () => {
    const tested = [...REJECTED.map(([code]) => code), ...NOT_TAKEN.map(([code]) => code)];
    expect(Object.keys(GSMA_CODES).sort()).toEqual(tested.sort());
  });

  it.each(['genericError', 'quoteHasExpired', 'somethingInvented', 'constructor'])(
    'the code %s, which is not in the table, is unknown and never a refusal',
    (code) => {
      expect(submitMeaning(RAIL_ID, refusal(400, 'businessRule', code), config)).toMatchObject({
        kind: 'outcome',
        outcome: { kind: 'unknown', rawCode: code },
      });
    },
  );

  it.each([
    ['503 of the provider', refusal(503, 'serviceUnavailable', 'genericError'), 'throttled'],
    ['503 of something in between', answer(503), 'unreadable'],
    ['500 with a listed code', refusal(500, 'identification', 'identifierError'), 'unreadable'],
    ['401 without a code', answer(401, { error: 'invalid_token' }), 'auth'],
    ['403 without a code', answer(403), 'auth'],
    ['429', answer(429), 'throttled'],
    ['404 without a code', answer(404), 'unreadable'],
    ['200', answer(200, { transactionStatus: 'completed' }), 'unreadable'],
    ['301', answer(301), 'unreadable'],
    ['202 without a body', answer(202), 'unreadable'],
    ['201 with a broken body', answer(201, {}), 'unreadable'],
  ])('%s is read as such', (_title, given, kind) => {
    expect(submitMeaning(RAIL_ID, given, config)).toMatchObject({ kind });
  });
});

describe('state of a transaction', () => {
  it.each([
    ['completed', 'settled'],
    ['Completed', 'settled'],
    ['reversed', 'returned'],
    ['pending', 'accepted'],
    ['teleported', 'unknown'],
  ])('transactionStatus %s is %s', (transactionStatus, kind) => {
    const outcome = transactionOutcome(RAIL_ID, { transactionStatus, transactionReference: 'T1' }, config);
    expect(outcome).toMatchObject({ kind, railReference: 'T1', rawCode: transactionStatus });
  });

  it("a lane may teach the provider's own words", () => {
    const taught = readGsmaConfig('x', { ...SETTINGS, transactionStatuses: { Declined: 'rejected' } });
    expect(transactionOutcome(RAIL_ID, { transactionStatus: 'DECLINED' }, taught)).toMatchObject({
      kind: 'rejected',
    });
  });

  it.each([
    [{ status: 'pending' }, { kind: 'accepted', pollAfterMs: 5000 }],
    [
      { status: 'completed', objectReference: 'T1' },
      { kind: 'accepted', pollAfterMs: 0, railReference: 'T1' },
    ],
    [{ status: 'failed' }, { kind: 'unknown' }],
    [
      { status: 'failed', error: { errorCategory: 'identification', errorCode: 'identifierError' } },
      { kind: 'rejected', retryable: false, reason: 'payee_unknown' },
    ],
  ])('request state %j is %j', (body, expected) => {
    const outcome = requestStateOutcome(RAIL_ID, { serverCorrelationId: 'S1', ...body }, config);
    expect(outcome).toMatchObject({ railHandle: 'S1', ...expected });
  });

  it.each([
    ['businessRule', 'rateLimitError', { kind: 'rejected', retryable: true, reason: 'rail_busy' }],
    ['businessRule', 'insufficientFunds', { kind: 'rejected', retryable: true, reason: 'rail_unavailable' }],
    ['serviceUnavailable', 'genericError', { kind: 'rejected', retryable: true, reason: 'rail_unavailable' }],
    ['businessRule', 'duplicateRequest', { kind: 'unknown' }],
    ['businessRule', 'somethingInvented', { kind: 'unknown' }],
  ])('a recorded %s %s uses up the id: %j', (errorCategory, errorCode, expected) => {
    expect(recordOutcome(RAIL_ID, { errorCategory, errorCode })).toMatchObject(expected);
  });
});

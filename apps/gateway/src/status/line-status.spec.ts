import { describe, expect, it } from '@jest/globals';
import { callbackBody, type CallbackBatch, type CallbackLine } from '../callback/callback.body.js';
import { batchStatus, lineStatus, type LineStanding } from './line-status.js';

const line: LineStanding = {
  reference_id: 'r',
  state: 'succeeded',
  reason: null,
  message: null,
  updated_at: new Date('2026-11-24T08:00:00Z'),
  amount: '100.00',
  currency_code: 'KES',
  payer_fa: '',
  payee_fa: 'phone:1@mpesa',
};

interface Body {
  header: Record<string, unknown>;
  message: { disbursements_status: Record<string, unknown>[] } & Record<string, unknown>;
}

function callback(batch: Partial<CallbackBatch>, last: boolean, lines: CallbackLine[] = []): Body {
  const whole = {
    batch_id: 'b',
    sender_id: 's',
    transaction_id: 't',
    correlation_id: 'c',
    total: 3,
    final: 3,
    succeeded: 1,
  };
  const head = { callbackId: 'm', version: 2, gatewayId: 'gpo', last };
  return JSON.parse(callbackBody({ ...whole, ...batch }, lines, head)) as Body;
}

describe('what a line is told as', () => {
  it('D17: a refusal of the rail is rjct.payment.failed with its words, and only a final success is succ', () => {
    const failed = {
      ...line,
      state: 'failed',
      reason: 'account_closed',
      message: 'Account is closed',
    } as const;
    expect(lineStatus(failed)).toMatchObject({
      status: 'rjct',
      status_reason_code: 'rjct.payment.failed',
      status_reason_message: 'account_closed: Account is closed',
    });
    for (const state of ['received', 'on_hold', 'retrying', 'review'] as const)
      expect(lineStatus({ ...line, state }).status).toBe('pdng');
    expect(lineStatus(line).status).toBe('succ');
    expect(lineStatus({ ...line, state: 'returned' })).toMatchObject({ status: 'rjct' });
  });

  it.each([
    ['rjct.payee_fa.no_lane', 'rjct.payee_fa.invalid'],
    ['rjct.amount.limit', 'rjct.amount.invalid'],
    ['rjct.schedule_ts.invalid', 'rjct.schedule_ts.invalid'],
    ['rjct.note.invalid', 'rjct.note.invalid'],
  ])('a malformed line with %s says %s', (reason, code) => {
    expect(lineStatus({ ...line, state: 'malformed', reason }).status_reason_code).toBe(code);
  });

  it('D23: a payer that was left empty is told back empty', () => {
    expect(lineStatus(line).payer_fa).toBe('');
  });

  it('D3: what could not be read as an amount is not told as one', () => {
    expect(lineStatus({ ...line, amount: '1e…' })).not.toHaveProperty('amount');
    expect(lineStatus({ ...line, amount: '1.234' }).amount).toBe('1.234');
  });
});

describe('the status of a batch', () => {
  it('D18: pdng while open, succ if one line succeeded, rjct if none did', () => {
    expect(batchStatus({ total: 3, final: 2, succeeded: 2 })).toBe('pdng');
    expect(batchStatus({ total: 3, final: 3, succeeded: 1 })).toBe('succ');
    expect(batchStatus({ total: 3, final: 3, succeeded: 0 })).toBe('rjct');
  });

  it('D16: a callback says pdng until the last one, with the running completed_count', () => {
    expect(callback({ final: 2 }, true).header).toMatchObject({
      status: 'pdng',
      total_count: 3,
      completed_count: 2,
    });
    expect(callback({}, false).header).toMatchObject({ status: 'pdng', completed_count: 3 });
    expect(callback({}, true).header).toMatchObject({ status: 'succ' });
  });

  it('D18: all rejected is rjct with rjct.errors.too_many', () => {
    const { header } = callback({ succeeded: 0 }, true);
    expect(header).toMatchObject({ status: 'rjct', status_reason_code: 'rjct.errors.too_many' });
  });

  it('D4, D24: a callback is on-disburse and carries the correlation id of the Ack', () => {
    const told: CallbackLine = { ...line, told_state: 'succeeded', row_state: 'returned', reason: 'x' };
    const body = callback({}, true, [told]);
    expect(body.header.action).toBe('on-disburse');
    expect(body.message).toMatchObject({ transaction_id: 't', correlation_id: 'c' });
    expect(body.message.disbursements_status).toEqual([
      expect.objectContaining({ reference_id: 'r', status: 'succ', timestamp: '2026-11-24T08:00:00.000Z' }),
    ]);
  });
});

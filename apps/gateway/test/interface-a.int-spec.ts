import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  ApiRig,
  criteria,
  disburse,
  envelope,
  line,
  question,
  type Answer,
  type Json,
} from './api.rig-spec.js';

let rig: ApiRig;
beforeAll(async () => {
  rig = await ApiRig.start(1, { openg2p: { status_shape: 'spec' } });
}, 60_000);
afterAll(() => rig.stop(), 30_000);

const SYNC = '/disburse/sync/disburse';

const statuses = ({ body }: Answer): Json[] => body.message.disbursements_status;
const code = ({ status, body }: Answer): unknown[] => [status, body.message.error?.code];

describe('the defects of the specification, each resolved', () => {
  it('D1: the misspelt disburemsents is an alias, and ignored beside the right word', async () => {
    const [one, two] = [line(), line()];
    const alias = envelope({ transaction_id: randomUUID(), disburemsents: [one] });
    expect(statuses(await rig.strict(SYNC, alias))).toMatchObject([{ status: 'rcvd' }]);
    const both = envelope({ transaction_id: randomUUID(), disburemsents: [one, two], disbursements: [two] });
    const told = statuses(await rig.strict(SYNC, both));
    expect(told.map(({ reference_id }) => reference_id)).toEqual([two.reference_id]);
  });

  it('D2: a registered payer is the same in any case; text and scheme are told as they were sent', async () => {
    const payer_fa = 'ACCOUNT_NO:1@treasury';
    const [told] = statuses(await rig.strict(SYNC, disburse(randomUUID(), [line({ payer_fa })])));
    expect(told).toMatchObject({ status: 'rcvd', payer_fa });
    const foreign = line({ payer_fa: 'account_no:2@TREASURY' });
    const [refused] = statuses(await rig.strict(SYNC, disburse(randomUUID(), [foreign])));
    expect(refused).toMatchObject({ status: 'rjct', status_reason_code: 'rjct.payer_fa.invalid' });
  });

  it('D3: a JSON number keeps its digits; what is no amount is refused by itself', async () => {
    const body = JSON.stringify(disburse(randomUUID(), [line({ amount: 0 }), line({ amount: 1 })]))
      .replace('"amount":0', '"amount":9007199254740.93')
      .replace('"amount":1', '"amount":1e20000');
    const [good, bad] = statuses(await rig.strict(SYNC, body));
    expect(good).toMatchObject({ status: 'rcvd', amount: '9007199254740.93' });
    expect(bad).toMatchObject({ status: 'rjct', status_reason_code: 'rjct.amount.invalid' });
  });

  it.each(['disburse', 'on-disburse', 'search', 'status', 'txn-status', 'string', ''])(
    'D4: the action "%s" is taken on the synchronous path, which answers on-disburse',
    async (action) => {
      const { body } = await rig.strict(SYNC, disburse(randomUUID(), [line()], { action }));
      expect(body.header).toMatchObject({ action: 'on-disburse', status: 'rcvd' });
    },
  );

  it('D4: another word is rjct.action.invalid for a strict sender only', async () => {
    const message = disburse(randomUUID(), [line()], { action: 'link' });
    expect(code(await rig.strict('/disburse', message))).toEqual([400, 'rjct.action.invalid']);
    expect((await rig.openg2p('/disburse', message)).body.message.ack_status).toBe('ACK');
  });

  it('D5: attribute_type alone tells what attribute_value is', async () => {
    const transaction = randomUUID();
    const sent = line();
    const { body } = await rig.strict('/disburse', disburse(transaction, [sent]));
    for (const [by, value] of [
      ['transaction_id', transaction],
      ['correlation_id', body.message.correlation_id],
    ] as const) {
      const answer = await rig.strict('/disburse/sync/txn/status', question(by, value));
      expect(answer.body.message.txnstatus_response).toMatchObject({
        txn_type: 'on-disburse',
        txn_status: {
          transaction_id: transaction,
          disbursements_status: [{ reference_id: sent.reference_id, status: 'pdng' }],
        },
      });
    }
    for (const [by, value] of [
      ['reference_id_list', 'text'],
      ['transaction_id', ['list']],
      ['name', 'x'],
    ])
      expect(code(await rig.strict('/disburse/sync/txn/status', question(String(by), value)))).toEqual([
        400,
        'err.request.bad',
      ]);
  });

  it('D6: a locale of two letters, three, or with a region is stored as it is', async () => {
    for (const locale of ['en', 'eng', 'en_US']) {
      const [told] = statuses(await rig.strict(SYNC, disburse(randomUUID(), [line({ locale })])));
      expect(told).toMatchObject({ status: 'rcvd', locale });
    }
  });

  it('D8, D14: a list of references may span transactions and is answered with a list; status_shape=spec gives the object', async () => {
    const [one, two] = [line(), line()];
    for (const post of [rig.strict.bind(rig), rig.openg2p.bind(rig)]) {
      await post('/disburse', disburse(randomUUID(), [one]));
      await post('/disburse', disburse(randomUUID(), [two]));
    }
    const asked = question('reference_id_list', [one.reference_id, two.reference_id, 'unknown', null]);
    const list = await rig.strict('/disburse/sync/txn/status', asked);
    const found = list.body.message.txnstatus_response.txn_status as Json[];
    expect(found.map(({ reference_id }) => reference_id).toSorted()).toEqual(
      [one.reference_id, two.reference_id].toSorted(),
    );
    const spec = await rig.openg2p('/disburse/txn/status', asked);
    expect(spec.body.message.txnstatus_response.txn_status).toMatchObject({
      disbursements_status: [{ status: 'pdng' }, { status: 'pdng' }],
    });
  });

  it('D10: an Ack is HTTP 200 with ack_status, timestamp and correlation_id', async () => {
    const { status, body } = await rig.strict('/disburse', disburse(randomUUID(), [line()]));
    expect(status).toBe(200);
    expect(body.message).toEqual({
      ack_status: 'ACK',
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
      correlation_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });

  it('D11: a refusal is 4xx with an Ack of ERR and errors[], and repeats nothing of what was sent', async () => {
    const answer = await rig.strict('/disburse', disburse('x'.repeat(100), [line()]));
    expect(code(answer)).toEqual([400, 'err.request.bad']);
    expect(answer.body.message.ack_status).toBe('ERR');
    expect(answer.body.errors).toEqual([answer.body.message.error]);
    expect(answer.text).not.toContain('xxx');
  });

  it('D12: a wrong total_count refuses a strict message, and is a warning in the metrics for others', async () => {
    const message = disburse(randomUUID(), [line()], { total_count: 21_800 });
    expect(code(await rig.strict('/disburse', message))).toEqual([400, 'rjct.total_count.invalid']);
    expect((await rig.openg2p('/disburse', message)).body.message.ack_status).toBe('ACK');
    const metrics = await (await fetch(`${rig.urls[0]!}/metrics`)).text();
    expect(metrics).toMatch(/gpo_intake_warning_total\{sender="openg2p",field="total_count"\} [1-9]/);
  });

  it('D15: a sender_uri on a foreign host is refused for a strict sender, and passed over for others', async () => {
    const message = disburse(randomUUID(), [line()], { sender_uri: 'https://evil.example/on-disburse' });
    expect(code(await rig.strict('/disburse', message))).toEqual([400, 'err.sender_uri.invalid']);
    expect((await rig.openg2p('/disburse', message)).body.message.ack_status).toBe('ACK');
  });

  it('D18: an answer in which every line is refused is rjct with rjct.errors.too_many', async () => {
    const { body } = await rig.strict(
      SYNC,
      disburse(randomUUID(), [line({ amount: '0' }), line({ payee_fa: '' })]),
    );
    expect(body.header).toMatchObject({ status: 'rjct', status_reason_code: 'rjct.errors.too_many' });
  });

  it('D19: a past time and "now" are due at once, a time to come is kept', async () => {
    const times = ['2020-01-01T00:00:00Z', 'now', '2099-01-01T00:00:00Z', '2026-02-31T00:00:00Z'];
    const transaction = randomUUID();
    const lines = times.map((scheduled_timestamp) => line({ scheduled_timestamp }));
    const told = statuses(await rig.strict(SYNC, disburse(transaction, lines)));
    expect(told.map(({ status }) => status)).toEqual(['rcvd', 'rcvd', 'rcvd', 'rjct']);
    expect(told[3]).toMatchObject({ status_reason_code: 'rjct.schedule_ts.invalid' });
    const due = await rig.record.rows<{ later: boolean }>(
      `SELECT d.due_at > now() AS later FROM disbursement d JOIN batch b USING (batch_id)
        WHERE b.transaction_id = $1 ORDER BY line_no`,
      [transaction],
    );
    expect(due.map(({ later }) => later)).toEqual([false, false, true, false]);
  });

  it('D20: an encrypted message is told by its flag or its members, and refused in a sentence', async () => {
    const parts = { ciphertext: 'a', iv: 'b', tag: 'c', encrypted_key: 'd', header: {} };
    const flagged = disburse(randomUUID(), [line()], { is_msg_encrypted: true });
    for (const message of [flagged, envelope(parts), { header: {}, message: parts }])
      expect(code(await rig.openg2p('/disburse', message))).toEqual([400, 'err.encryption.invalid']);
  });

  it('D23: a payer that was left empty is paid from the default and told back empty, also by status', async () => {
    const sent = line({ payer_fa: '' });
    const [told] = statuses(await rig.strict(SYNC, disburse(randomUUID(), [sent])));
    expect(told).toMatchObject({ status: 'rcvd', payer_fa: '' });
    const asked = await rig.strict(
      '/disburse/sync/txn/status',
      question('reference_id_list', [sent.reference_id]),
    );
    expect(asked.body.message.txnstatus_response.txn_status).toMatchObject([{ payer_fa: '' }]);
    const [row] = await rig.record.rows<{ payer_fa: string }>(
      'SELECT payer_fa FROM disbursement WHERE reference_id = $1',
      [sent.reference_id],
    );
    expect(row!.payer_fa).toBe('account_no:1@TREASURY');
  });

  it('D24: the answer of a batch carries the correlation id of its Ack', async () => {
    const message = disburse(randomUUID(), [line()]);
    const ack = await rig.strict('/disburse', message);
    const again = await rig.strict(SYNC, message);
    expect(again.body.message.correlation_id).toBe(ack.body.message.correlation_id);
  });

  it('D25, D27: search tells amount, payee and currency; a criterion without a match says so with the printed code', async () => {
    const payee_fa = `phone:+2547${Date.now()}@MPESA`;
    const sent = line({ payee_fa });
    await rig.strict('/disburse', disburse(randomUUID(), [sent]));
    const found = await rig.strict('/disburse/sync/search', criteria('payee_fa', payee_fa.toLowerCase()));
    expect(found.body.header.action).toBe('on-search');
    expect(statuses(found)).toMatchObject([
      { reference_id: sent.reference_id, status: 'pdng', amount: '10.00', payee_fa, currency_code: 'KES' },
    ]);
    expect(statuses(await rig.openg2p('/disburse/search', criteria('payee_fa', payee_fa)))).toMatchObject([
      { reference_id: 'c-1', status: 'rjct', status_reason_code: 'rjct_srch_reference_id.not_found' },
    ]);
    const payer = await rig.strict('/disburse/sync/search', criteria('payer_fa', 'ACCOUNT_NO:1@treasury'));
    expect(statuses(payer).length).toBeGreaterThan(1);
  });

  it.each(['', '/namespace/v1.0.0', '/kenya/v1.0.0', '/api/payments'])(
    'D29: interface A stands at "%s", and asks for credentials there too',
    async (prefix) => {
      const message = disburse(randomUUID(), [line()]);
      expect((await rig.strict(`${prefix}/disburse`, message)).body.message.ack_status).toBe('ACK');
      expect((await rig.post(`${prefix}/disburse`, message, {})).status).toBe(401);
    },
  );
});

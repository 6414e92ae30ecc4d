import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { CODES_OF_1_0, ITEM_CODES } from '../src/bridge/bridge.codes.js';
import {
  BridgeRig,
  OF_CHANGES,
  bridgeCall,
  dayIn,
  disbursement,
  envelope,
  idsOf as ids,
  type Fields,
  type Told,
} from './bridge.rig-spec.js';

let rig: BridgeRig;
beforeAll(async () => {
  rig = await BridgeRig.start();
}, 60_000);
beforeEach(() => rig.api.record.clear());
afterAll(() => rig.api.stop());

const LINES = [{ mis_reference_number: '1' }, { mis_reference_number: '2' }];
const stored = async (): Promise<number> => (await rig.api.record.rows('SELECT FROM disbursement')).length;

describe('3.1 create_disbursement_envelope', () => {
  it('2.4: echoes what was declared, with an id of digits that a statement has room for', async () => {
    const { header, message } = await rig.call('create_disbursement_envelope', envelope());
    expect(header).toMatchObject({
      message_id: 'string',
      action: 'string',
      status: 'succ',
      status_reason_message: null,
    });
    expect(message).toMatchObject({
      ...envelope(),
      id: null,
      disbursement_envelope_id: expect.stringMatching(/^\d{13,16}$/),
    });
  });

  it.each<[string, Fields]>([
    ['INVALID_PROGRAM_MNEMONIC', { benefit_program_mnemonic: ' ' }],
    ['INVALID_DISBURSEMENT_FREQUENCY', { disbursement_frequency: 'Often' }],
    ['INVALID_CYCLE_CODE_MNEMONIC', { cycle_code_mnemonic: null }],
    ['INVALID_NO_OF_BENEFICIARIES', { number_of_beneficiaries: 0 }],
    ['INVALID_NO_OF_DISBURSEMENTS', { number_of_disbursements: -1 }],
    ['INVALID_TOTAL_DISBURSEMENT_AMOUNT', { total_disbursement_amount: -1 }],
    ['INVALID_DISBURSEMENT_CURRENCY_CODE', { disbursement_currency_code: 'XXY' }],
    ['INVALID_DISBURSEMENT_SCHEDULE_DATE', { disbursement_schedule_date: '2026-02-30' }],
    ['INVALID_DISBURSEMENT_SCHEDULE_DATE', { disbursement_schedule_date: dayIn(-1) }],
  ])('%s for %j: nothing is opened, and no id is told', async (expected, change) => {
    const told = await rig.call('create_disbursement_envelope', envelope(change));
    expect(rig.code(told)).toBe(expected);
    expect(told.message).toBeNull();
    expect(await rig.api.record.rows('SELECT FROM bridge_envelope')).toEqual([]);
  });

  it('a sender whose client names the first day of the cycle may have past days paid at once', async () => {
    rig.api.change('openg2p', { bridge: { past_schedule: 'now' } });
    try {
      const id = await rig.opened({ disbursement_schedule_date: '2026-01-01' });
      await rig.paid(id, {});
      expect(await rig.api.record.rows('SELECT FROM disbursement WHERE due_at <= now()')).toHaveLength(1);
    } finally {
      rig.api.change('openg2p', { bridge: { statement_lane: 'core-banking' } });
    }
  });
});

describe('3.1 create_disbursements', () => {
  it('2.4: every key that the client reads by name is there; amounts are exact; nothing goes out before the day', async () => {
    const id = await rig.opened({ disbursement_schedule_date: dayIn(2) });
    const told = await rig.paid(
      id,
      { disbursement_amount: 1234.5 },
      { mis_reference_number: '18', disbursement_amount: 20.25 },
    );
    expect(told.message).toMatchObject([
      {
        disbursement_envelope_id: id,
        mis_reference_number: '13',
        disbursement_amount: 1234.5,
        response_error_codes: [],
      },
      {
        disbursement_envelope_id: id,
        mis_reference_number: '18',
        disbursement_amount: 20.25,
        response_error_codes: [],
      },
    ]);
    expect(ids(told).every((one) => /^\d{13,16}$/.test(one))).toBe(true);
    const rows = await rig.api.record.rows(
      `SELECT reference_id, amount_minor, payee_fa, payee_name, note, due_at = $1::date::timestamp AT TIME ZONE 'UTC' AS due FROM disbursement ORDER BY line_no`,
      [dayIn(2)],
    );
    const same = { payee_fa: 'account_no:123000@BANKRWRW', payee_name: 'Payee é', due: true };
    expect(rows).toMatchObject([
      { ...same, reference_id: ids(told)[0], amount_minor: '123450' },
      { ...same, reference_id: ids(told)[1], amount_minor: '2025' },
    ]);
  });

  it('several calls fill one envelope; a payment that is named once more is the same one, with the same id', async () => {
    const id = await rig.opened();
    const first = await rig.paid(id, LINES[0]!);
    const both = await rig.paid(id, ...LINES);
    expect(ids(both)[0]).toBe(ids(first)[0]);
    expect(await rig.paid(id, ...LINES)).toMatchObject({ message: both.message });
    expect(await stored()).toBe(2);
    expect(await rig.api.record.rows('SELECT received, received_minor FROM bridge_envelope')).toEqual([
      { received: 2, received_minor: '20100' },
    ]);
  });

  it.each<[string, (id: string) => Promise<Told>]>([
    ['DISBURSEMENT_ENVELOPE_NOT_FOUND', () => rig.paid('1', {})],
    ['DISBURSEMENT_ENVELOPE_NOT_FOUND', () => rig.call('create_disbursements', [disbursement(false)])],
    [
      'MULTIPLE_ENVELOPES_FOUND',
      (id) => rig.call('create_disbursements', [disbursement(id), disbursement('2')]),
    ],
    [
      'NO_OF_DISBUESEMENTS_EXCEEDS_DECLARED',
      (id) =>
        rig.paid(
          id,
          ...['1', '2', '3', '4'].map((mis_reference_number) => ({
            mis_reference_number,
            disbursement_amount: 1,
          })),
        ),
    ],
    ['TOTAL_DISBURSEMENT_AMOUNT_EXCEEDS_DECLARED', (id) => rig.paid(id, { disbursement_amount: 1354.76 })],
    ['INVALID_DISBURSEMENT_PAYLOAD', (id) => rig.paid(id, { mis_reference_number: 'x'.repeat(256) })],
    [
      'INVALID_DISBURSEMENT_PAYLOAD',
      (id) => rig.paid(id, LINES[0]!, { mis_reference_number: '2', disbursement_amount: 0 }),
    ],
    ['INVALID_DISBURSEMENT_PAYLOAD', () => rig.call('create_disbursements', 'x')],
  ])(
    '%s: all or nothing, with an empty list, so that the client marks nothing as sent',
    async (expected, send) => {
      const told = await send(await rig.opened());
      expect(rig.code(told)).toBe(expected);
      expect(told.message).toEqual([]);
      expect(await stored()).toBe(0);
    },
  );

  it('another amount under a name that is known is refused, and the first stays', async () => {
    const id = await rig.opened();
    await rig.paid(id, {});
    expect(rig.code(await rig.paid(id, { disbursement_amount: 7 }))).toBe('INVALID_DISBURSEMENT_PAYLOAD');
    expect(await stored()).toBe(1);
  });

  it('two calls at the same instant never fill an envelope beyond what it declares', async () => {
    const id = await rig.opened({ number_of_disbursements: 5 });
    const told = await Promise.all(
      Array.from({ length: 8 }, (_, nth) =>
        rig.paid(id, { mis_reference_number: `m${nth}`, disbursement_amount: 1 }),
      ),
    );
    expect(told.filter(({ header }) => header.status === 'succ')).toHaveLength(5);
    expect(await stored()).toBe(5);
  });

  it('bridge-compat echoes what was refused, with the codes of each item, as the original does', async () => {
    const id = await rig.opened();
    rig.api.change('openg2p', { bridge: { profile: 'bridge-compat' } });
    try {
      const items = {
        beneficiary_id: '',
        beneficiary_name: null,
        narrative: ' ',
        disbursement_amount: 0.001,
      };
      const told = await rig.paid(id, items);
      expect(rig.code(told)).toBe('INVALID_DISBURSEMENT_PAYLOAD');
      expect(told.message).toMatchObject([
        { disbursement_id: null, response_error_codes: ITEM_CODES.slice(0, 4) },
      ]);
      expect((await rig.call('create_disbursement_envelope', {})).message).toMatchObject({
        disbursement_envelope_id: null,
      });
    } finally {
      rig.api.change('openg2p', { bridge: { statement_lane: 'core-banking' } });
    }
  });
});

describe('3.1 status', () => {
  it('an unknown id has two empty lists, never an error; so has one that has no end yet', async () => {
    const [id] = ids(await rig.paid(await rig.opened(), {}));
    const none = { disbursement_recon_payloads: [], disbursement_error_recon_payloads: [] };
    expect((await rig.call('get_disbursement_status', [id, 'False'])).message).toEqual([
      { disbursement_id: id, disbursement_recon_records: none },
      { disbursement_id: 'False', disbursement_recon_records: none },
    ]);
  });

  it('an envelope tells its counts; an unknown one is rjct with message null', async () => {
    const id = await rig.opened();
    await rig.paid(id, ...LINES);
    expect((await rig.call('get_disbursement_envelope_status', id)).message).toMatchObject({
      ...{
        disbursement_envelope_id: id,
        number_of_disbursements_declared: 3,
        number_of_disbursements_received: 2,
      },
      ...{ total_disbursement_amount_received: 201, funds_available_with_bank: 'FUNDS_AVAILABLE' },
      ...{
        number_of_disbursements_shipped: 0,
        number_of_disbursements_reconciled: 0,
        number_of_disbursements_reversed: 0,
      },
    });
    const unknown = await rig.call('get_disbursement_envelope_status', '1');
    expect(rig.code(unknown)).toBe('DISBURSEMENT_ENVELOPE_NOT_FOUND');
    expect(unknown.message).toBeNull();
  });
});

describe('the Bridge API as a whole', () => {
  it('text that cannot be stored is a body that cannot be read, never a fault of ours', async () => {
    const body = bridgeCall([disbursement('1', { mis_reference_number: 'a\u0000b' })]);
    expect((await rig.api.openg2p('/api/g2p-bridge/create_disbursements', body)).status).toBe(400);
  });

  it('without credentials is 401, with a body that is no JSON 400; auditors have no business here', async () => {
    const url = `${rig.api.urls[0]!}/api/g2p-bridge/get_disbursement_status`;
    const init = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' };
    expect((await fetch(url, init)).status).toBe(401);
    const { status, text } = await rig.api.openg2p('/api/g2p-bridge/create_disbursements', '{');
    expect(status).toBe(400);
    expect(JSON.parse(text)).toMatchObject({ errors: [{ code: 'err.request.bad' }] });
    const auditor = { ...init.headers, Authorization: 'Bearer auditor-token' };
    expect((await fetch(url, { ...init, headers: auditor })).status).toBe(403);
  });

  it('every code of the original was produced by a test above, or by those of cancel and upload', () => {
    expect(CODES_OF_1_0.filter((one) => !rig.produced.has(one))).toEqual(OF_CHANGES);
  });
});

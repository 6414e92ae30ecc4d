import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { BridgeRig, OF_CHANGES, dayIn, envelope, idsOf as ids, type Told } from './bridge.rig-spec.js';

let rig: BridgeRig;
beforeAll(async () => {
  rig = await BridgeRig.start();
}, 60_000);
beforeEach(() => rig.api.record.clear());
afterAll(() => rig.api.stop());

const LINES = [{ mis_reference_number: '1' }, { mis_reference_number: '2' }];

describe('3.1 cancel and amend', () => {
  it('a cancelled envelope takes nothing any more (the original does), and what was in it is never paid', async () => {
    const id = await rig.opened();
    await rig.paid(id, ...LINES);
    expect(
      (await rig.call('cancel_disbursement_envelope', { disbursement_envelope_id: id })).header.status,
    ).toBe('succ');
    expect(await rig.api.record.rows('SELECT DISTINCT state FROM disbursement')).toEqual([
      { state: 'cancelled' },
    ]);
    expect(rig.code(await rig.paid(id, { mis_reference_number: '9' }))).toBe(
      'DISBURSEMENT_ENVELOPE_ALREADY_CANCELED',
    );
    const again = await rig.call('cancel_disbursement_envelope', { disbursement_envelope_id: id });
    expect(rig.code(again)).toBe('DISBURSEMENT_ENVELOPE_ALREADY_CANCELED');
    expect(rig.code(await rig.call('cancel_disbursement_envelope', { disbursement_envelope_id: '1' }))).toBe(
      'DISBURSEMENT_ENVELOPE_NOT_FOUND',
    );
  });

  it('DISBURSEMENT_ENVELOPE_DATE_PASSED, …_SCHEDULE_DATE_REACHED: what may be on its way cannot be taken back', async () => {
    const id = await rig.opened({ disbursement_schedule_date: dayIn(0) });
    const told = await rig.paid(id, {});
    expect(rig.code(await rig.call('cancel_disbursement_envelope', { disbursement_envelope_id: id }))).toBe(
      'DISBURSEMENT_ENVELOPE_DATE_PASSED',
    );
    const one = await rig.call('cancel_disbursements', [{ disbursement_id: ids(told)[0] }]);
    expect(rig.code(one)).toBe('DISBURSEMENT_ENVELOPE_SCHEDULE_DATE_REACHED');
  });

  it('cancelled disbursements leave the counts of their envelope, once; others can take their place', async () => {
    const id = await rig.opened({ number_of_disbursements: 2 });
    const [first] = ids(await rig.paid(id, ...LINES));
    expect((await rig.call('cancel_disbursements', [{ disbursement_id: first }])).message).toMatchObject([
      { disbursement_id: first, cancellation_status: 'Cancelled' },
    ]);
    expect(rig.code(await rig.call('cancel_disbursements', [{ disbursement_id: first }]))).toBe(
      'DISBURSEMENT_ALREADY_CANCELED',
    );
    expect(rig.code(await rig.call('cancel_disbursements', [{ disbursement_id: '5' }]))).toBe(
      'INVALID_DISBURSEMENT_ID',
    );
    expect((await rig.call('get_disbursement_envelope_status', id)).message).toMatchObject({
      ...{ number_of_disbursements_received: 1, total_disbursement_amount_received: 100.5 },
    });
    expect((await rig.paid(id, { mis_reference_number: '3' })).header.status).toBe('succ');
  });

  it('amend changes what is declared, and the day of what has come; never below what has come', async () => {
    const id = await rig.opened({ disbursement_schedule_date: dayIn(1) });
    await rig.paid(id, ...LINES);
    const amended = {
      ...envelope({ number_of_disbursements: 4, disbursement_schedule_date: dayIn(5) }),
      disbursement_envelope_id: id,
    };
    expect((await rig.call('amend_disbursement_envelope', amended)).header.status).toBe('succ');
    const due = `due_at = '${dayIn(5)}'::date::timestamp AT TIME ZONE 'UTC'`;
    expect(await rig.api.record.rows(`SELECT FROM disbursement WHERE ${due}`)).toHaveLength(2);
    expect(await rig.api.record.rows(`SELECT FROM dispatch_range WHERE NOT ${due}`)).toEqual([]);
    const less = { ...amended, number_of_disbursements: 1 };
    expect(rig.code(await rig.call('amend_disbursement_envelope', less))).toBe('INVALID_NO_OF_DISBURSEMENTS');
    expect(
      rig.code(await rig.call('amend_disbursement_envelope', { ...amended, total_disbursement_amount: 200 })),
    ).toBe('INVALID_TOTAL_DISBURSEMENT_AMOUNT');
  });
});

describe('3.1 upload_mt940', () => {
  const upload = async (text: string): Promise<Told> => {
    const form = new FormData();
    form.set('statement_file', new Blob([text]), 'statement.mt940');
    const headers = { Authorization: `Basic ${btoa('openg2p:openg2p')}` };
    const answer = await fetch(`${rig.api.urls[0]!}/api/g2p-bridge/upload_mt940`, {
      method: 'POST',
      headers,
      body: form,
    });
    expect(answer.status).toBe(200);
    return (await answer.json()) as Told;
  };

  it('keeps the statement of the sender’s lane and tells its id; what is none is STATEMENT_UPLOAD_ERROR', async () => {
    const text =
      ':20:S1\n:25:600100\n:28C:1/1\n:60F:C261124KES10,00\n:61:2611251125D1,00NTRFNONREF//B1\n:62F:C261125KES9,00\n';
    const { header, message } = await upload(text);
    expect([header.status, message]).toEqual(['succ', expect.stringMatching(/^[0-9a-f-]{36}$/)]);
    expect(await rig.api.record.rows('SELECT statement_id, lane FROM statement')).toEqual([
      { statement_id: message, lane: 'core-banking' },
    ]);
    const none = ['hello', text.replace('C261124', 'C269999'), text.replace('S1', 'S\0')];
    for (const one of none) expect(rig.code(await upload(one))).toBe('STATEMENT_UPLOAD_ERROR');
  });

  it('every code of cancel and upload was produced by a test above', () => {
    expect(OF_CHANGES.filter((one) => !rig.produced.has(one))).toEqual([]);
  });
});

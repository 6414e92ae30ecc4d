import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { takeRange, dropRange, waitingIds } from '../src/mapper/resolve.repository.js';
import { BridgeRig, dayIn, envelope, idsOf as ids, type Fields } from './bridge.rig-spec.js';

let rig: BridgeRig;
beforeAll(async () => {
  rig = await BridgeRig.start();
}, 60_000);
beforeEach(() => rig.api.record.clear());
afterAll(() => rig.api.stop());

const stored = async (): Promise<number> => (await rig.api.record.rows('SELECT FROM disbursement')).length;
const to = (account: number, change: Fields = {}): Fields => ({
  ...{
    beneficiary_id: `account_no:${account}@BANKRWRW`,
    mis_reference_number: null,
    disbursement_amount: 10,
  },
  ...change,
});

describe('3.1: a call of version 1.0 that comes again after a lost answer', () => {
  it('whose disbursements have no name is known by what it holds: nobody is paid twice, and the ids are the same', async () => {
    const id = await rig.opened({ number_of_disbursements: 10 });
    const first = ids(await rig.paid(id, to(1), to(2), to(1)));
    expect(new Set(first).size).toBe(3);
    expect(ids(await rig.paid(id, to(1), to(2), to(1)))).toEqual(first);
    expect(new Set(ids(await rig.paid(id, to(2), to(1), to(1))))).toEqual(new Set(first));
    expect(await stored()).toBe(3);
    expect((await rig.paid(id, to(1, { narrative: 'December' }))).header.status).toBe('succ');
    expect(await stored()).toBe(4);
  });

  it('whose lines all have the number of the client’s request is the same: that number names no payment', async () => {
    const id = await rig.opened({ number_of_disbursements: 10 });
    const lines = [1, 2, 3].map((account) => to(account, { mis_reference_number: '77' }));
    const first = ids(await rig.paid(id, ...lines));
    expect(ids(await rig.paid(id, ...lines))).toEqual(first);
    expect(
      ids(await rig.paid(id, ...[4, 5].map((one) => to(one, { mis_reference_number: '77' })))),
    ).toHaveLength(2);
    expect(await stored()).toBe(5);
  });

  it('five times at once is stored once', async () => {
    const id = await rig.opened({ number_of_disbursements: 10 });
    const told = await Promise.all([1, 2, 3, 4, 5].map(() => rig.paid(id, to(1), to(2))));
    expect(new Set(told.map((one) => ids(one).join())).size).toBe(1);
    expect(await stored()).toBe(2);
  });
});

describe('3.1: what was cancelled', () => {
  it('by an operator makes room for others, and leaves the counts', async () => {
    const id = await rig.opened({ number_of_disbursements: 2 });
    await rig.paid(id, to(1), to(2));
    expect(rig.code(await rig.paid(id, to(3)))).toBe('NO_OF_DISBUESEMENTS_EXCEEDS_DECLARED');
    const [batch] = await rig.api.record.rows<{ batch_id: string }>('SELECT batch_id FROM batch');
    const operator = { Authorization: 'Bearer operator-token' };
    const path = `/api/v1/batches/${batch!.batch_id}/cancel`;
    expect((await rig.api.post(path, { reason: 'asked by the ministry' }, operator)).status).toBe(200);
    expect((await rig.call('get_disbursement_envelope_status', id)).message).toMatchObject({
      ...{ number_of_disbursements_received: 0, total_disbursement_amount_received: 0 },
      number_of_disbursements_reversed: 2,
    });
    expect((await rig.paid(id, to(3), to(4))).header.status).toBe('succ');
  });

  it('too late is told so, line by line: nobody is told that a payment was stopped that was not', async () => {
    const id = await rig.opened();
    const [first, second] = ids(await rig.paid(id, to(1), to(2)));
    await rig.api.record.rows(`UPDATE disbursement SET state = 'succeeded' WHERE reference_id = $1`, [
      second,
    ]);
    const named = [{ disbursement_id: first }, { disbursement_id: second }];
    expect((await rig.call('cancel_disbursements', named)).message).toMatchObject([
      { disbursement_id: first, cancellation_status: 'Cancelled' },
      { disbursement_id: second, cancellation_status: 'Not_Cancelled', cancellation_time_stamp: null },
    ]);
    const late = await rig.call('cancel_disbursements', [{ disbursement_id: second }]);
    expect(rig.code(late)).toBe('DISBURSEMENT_ENVELOPE_SCHEDULE_DATE_REACHED');
  });

  it('what a client says it creates is never taken to cancel something', async () => {
    const [first] = ids(await rig.paid(await rig.opened(), to(1)));
    const header = { action: 'create_disbursements' };
    const body = { header, message: [{ disbursement_id: first }] };
    const { text } = await rig.api.openg2p('/api/g2p-bridge/cancel_disbursements', body);
    expect(JSON.parse(text)).toMatchObject({ header: { status_reason_message: 'REQUEST_VALIDATION_ERROR' } });
  });
});

describe('3.1: an envelope', () => {
  it.each([
    ['12345678.900000002', '1234567890'],
    ['12345678.899999999', '1234567890'],
    ['1.2345e3', '123450'],
    ['0.0', '0'],
  ])('whose total is the float %s declares %s minor units', async (total, minor) => {
    const body = JSON.stringify({ message: envelope({ total_disbursement_amount: 4711 }) });
    const sent = body.replace('4711', total);
    expect((await rig.api.openg2p('/api/g2p-bridge/create_disbursement_envelope', sent)).status).toBe(200);
    expect(await rig.api.record.rows('SELECT total_minor FROM bridge_envelope')).toEqual([
      { total_minor: minor },
    ]);
  });

  it('of the year 0 or with a total beyond all money is refused, never a fault of ours', async () => {
    rig.api.change('openg2p', { bridge: { past_schedule: 'now' } });
    try {
      for (const change of [
        { disbursement_schedule_date: '0000-01-01' },
        { total_disbursement_amount: 1e22 },
      ])
        expect(rig.code(await rig.call('create_disbursement_envelope', envelope(change)))).toMatch(
          /^INVALID_/,
        );
    } finally {
      rig.api.change('openg2p', { bridge: {} });
    }
  });

  it('that is moved to another day while its ids are asked about keeps them: they are asked about again', async () => {
    const id = await rig.opened();
    await rig.paid(id, to(1, { beneficiary_id: 'token:1@nationalId' }));
    await rig.api.record.rows('UPDATE resolve_range SET next_at = now()');
    const { dataSource } = rig.api.record;
    const range = (await takeRange(dataSource, 60_000))!;
    const amended = { ...envelope({ disbursement_schedule_date: dayIn(6) }), disbursement_envelope_id: id };
    expect((await rig.call('amend_disbursement_envelope', amended)).header.status).toBe('succ');
    expect((await waitingIds(dataSource, range)).ids).toEqual([]);
    await dropRange(dataSource, range);
    expect(
      await rig.api.record.rows(`SELECT FROM resolve_range WHERE due_at > now() + interval '4 days'`),
    ).toHaveLength(1);
  });
});

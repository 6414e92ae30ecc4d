import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { railId } from '@gpo/g2p-connect-schemas';
import type { Booking, Statement } from '@gpo/statements';
import { RecordRig } from '../../../tools/testing/record-rig-spec.js';
import { readBreaks, type ReadBreak } from './break.reader.js';
import { settleBreak } from './breaks.js';
import { importStatements, type Imported } from './import.js';

const LANE = 'core-banking';
const DAY = '2026-03-10';

let rig: RecordRig;
beforeAll(async () => {
  rig = await RecordRig.start();
}, 60_000);
beforeEach(() => rig.clear());
afterAll(() => rig.stop());

/** A disbursement of 75.00 KES on the lane, as the record has it. */
async function payment(
  state = 'settled',
  resolvedAt = `${DAY}T10:00:00Z`,
): Promise<{ id: string; rail: string }> {
  const { id } = await rig.disbursement({ state: state === 'settled' ? 'succeeded' : 'failed' });
  const rail = railId(LANE, id, 1);
  await rig.attempt(id, 1, state, {
    lane: LANE,
    rail_id: rail,
    sends: 1,
    outcome_seq: 1,
    resolved_at: resolvedAt,
  });
  return { id, rail };
}

function booking(change: Partial<Booking> = {}): Booking {
  return {
    ...{ direction: 'debit', booked: true, reversal: false, amount: '75.00', currency: 'KES', bookedOn: DAY },
    reference: randomUUID(),
    ...change,
  };
}

/** A statement of the days around DAY. */
function told(...bookings: Booking[]): Promise<Imported> {
  const statement: Statement = {
    ...{ id: 'S', account: '600100', whole: true, bookings },
    opening: { amount: '0', currency: 'KES', on: '2026-03-01' },
    closing: { amount: '0', currency: 'KES', on: '2026-03-31' },
  };
  const source = { lane: LANE, fileName: 'f', bytes: Buffer.from(randomUUID()), actor: 'x' };
  return importStatements(rig.dataSource, { form: 'camt', statements: [statement] }, source);
}

const open = (): Promise<ReadBreak[]> =>
  readBreaks(rig.dataSource, { lane: LANE, state: 'open', limit: 100 });

describe('breaks', () => {
  it('books that agree have none', async () => {
    const [one, other] = [await payment(), await payment()];
    const { opened } = await told(booking({ endToEndId: one.rail }), booking({ endToEndId: other.rail }));
    expect(opened).toBe(0);
    expect(await open()).toEqual([]);
  });

  it.each<[string, string, Partial<Booking>[], (string | null)[]]>([
    ['a booking of more', 'over', [{ amount: '75.01' }], ['75.00', '75.01']],
    ['a booking of less', 'under', [{ amount: '74.99' }], ['75.00', '74.99']],
    ['a booking in another currency', 'wrong_currency', [{ currency: 'USD' }], ['75.00', '75.00']],
    ['a booking four days after', 'late', [{ bookedOn: '2026-03-14' }], ['75.00', '75.00']],
    ['two debits', 'duplicate', [{}, {}], ['0.00', '75.00']],
    ['a debit and its return', 'returned', [{}, { direction: 'credit', code: 'AC04' }], ['0.00', '75.00']],
    ['no booking', 'missing_at_bank', [], ['75.00', null]],
  ])('%s for a payment is %s', async (_what, kind, changes, amounts) => {
    const { id, rail } = await payment();
    await told(...changes.map((change) => booking({ endToEndId: rail, ...change })));
    const breaks = await open();
    expect(breaks).toMatchObject([
      { kind: changes.length === 0 ? 'missing_at_bank' : kind, disbursement_id: id },
    ]);
    expect([breaks[0]!.expected, breaks[0]!.actual]).toEqual(amounts);
  });

  it.each<[string, string | undefined, Partial<Booking>]>([
    ['nobody knows', undefined, {}],
    ['is of a payment that the record calls refused', 'rejected', {}],
  ])('a debit that %s is missing_here', async (_what, state, change) => {
    const rail = state === undefined ? randomUUID() : (await payment(state)).rail;
    await told(booking({ endToEndId: rail, ...change }));
    expect(await open()).toMatchObject([{ kind: 'missing_here', actual: '75.00', expected: null }]);
  });

  it('a payment booked twice and taken back once is paid once; a return that the record knows is none', async () => {
    const [twice, back] = [await payment(), await payment('returned')];
    await told(
      ...[booking({ endToEndId: twice.rail }), booking({ endToEndId: twice.rail })],
      booking({ endToEndId: twice.rail, direction: 'credit', reversal: true }),
      ...[booking({ endToEndId: back.rail }), booking({ endToEndId: back.rail, direction: 'credit' })],
    );
    expect(await open()).toEqual([]);
  });

  it('one booking for a whole file of the bank is right where it is the sum of its items, else a break of the group', async () => {
    const [one, other] = [await payment(), await payment()];
    await rig.rows(
      `INSERT INTO bank_file (lane, message_id, file_name, claim, state, created_at) VALUES ($1, 'M1', 'f', gen_random_uuid(), 'placed', now())`,
      [LANE],
    );
    await rig.rows(
      `INSERT INTO bank_file_item (lane, rail_id, message_id, group_id, amount_minor, currency_code, exponent)
       SELECT $1, u, 'M1', 'M1-1', 7500, 'KES', 2 FROM unnest($2::uuid[]) AS u`,
      [LANE, [one.rail, other.rail]],
    );
    await told(booking({ amount: '150.00', group: { paymentInformationId: 'M1-1', lines: 2 } }));
    expect(await open()).toEqual([]);
    await told(booking({ amount: '149.00', group: { paymentInformationId: 'M1-1', lines: 2 } }));
    expect(await open()).toMatchObject([{ kind: 'under', expected: '150.00', actual: '149.00' }]);
    await told(booking({ amount: '10.00', group: { messageId: 'M9' } }));
    expect((await open()).map(({ kind }) => kind).toSorted()).toEqual(['missing_here', 'under']);
  });

  it('what a later statement explains closes by itself, and what no statement has reached yet is no break', async () => {
    const [late, young] = [await payment(), await payment('settled', '2026-03-30T10:00:00Z')];
    expect(await told()).toMatchObject({ opened: 1 });
    expect(await open()).toMatchObject([{ kind: 'missing_at_bank', disbursement_id: late.id }]);
    expect(await told(booking({ endToEndId: late.rail }))).toMatchObject({ opened: 0, explained: 1 });
    expect(await open()).toEqual([]);
    expect(young.id).not.toBe(late.id);
  });

  it('what an operator settled stays settled, with name and reason; a second decision changes nothing', async () => {
    await told(booking({ reference: 'FEE' }));
    const [fee] = await open();
    const decision = { actor: 'the treasury', reason: 'a fee of the bank' };
    expect(await settleBreak(rig.dataSource, fee!.break_id, decision)).toBe(true);
    expect(await settleBreak(rig.dataSource, fee!.break_id, { actor: 'other', reason: 'other' })).toBe(false);
    expect(await told()).toMatchObject({ opened: 0, explained: 0 });
    expect(await open()).toEqual([]);
    expect(await rig.rows('SELECT closed_as, actor, reason FROM reconciliation_break')).toEqual([
      { closed_as: 'settled', ...decision },
    ]);
  });
});

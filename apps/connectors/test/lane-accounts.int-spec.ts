import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { railId } from '@gpo/g2p-connect-schemas';
import { importStatements, readBreaks } from '@gpo/reconciliation';
import { RecordRig } from '../../../tools/testing/record-rig-spec.js';
import { keepAccounts } from '../src/lanes/lane.registry.js';

const LANE = 'core-banking';

let rig: RecordRig;
beforeAll(async () => {
  rig = await RecordRig.start();
}, 60_000);
beforeEach(() => rig.clear());
afterAll(() => rig.stop());

/** The lane with this default account, as its process starts. */
function starts(account: string): Promise<void> {
  const manifest = { payerAccounts: { '': account } };
  return keepAccounts(rig.dataSource, [{ config: { id: LANE }, connector: { manifest } }]);
}

const kept = (): Promise<{ accounts: Record<string, string> }[]> =>
  rig.rows('SELECT accounts FROM lane_account ORDER BY since');

describe('accounts that a lane pays from', () => {
  it('are kept when they change, and not again at every start', async () => {
    await starts('600100');
    await starts('600100');
    expect((await kept()).map(({ accounts }) => accounts[''])).toEqual(['600100']);
    await starts('600200');
    await starts('600100');
    expect((await kept()).map(({ accounts }) => accounts[''])).toEqual(['600100', '600200', '600100']);
  });

  it('judge each payment as they were when it was sent: only what was taken from another account is wrong_account', async () => {
    await rig.rows(
      `INSERT INTO lane_account VALUES ($1, '2026-03-01', '{"": "600100"}'), ($1, '2026-03-05', '{"": "600200"}')`,
      [LANE],
    );
    const paid = await Promise.all(
      ['2026-03-02', '2026-03-06', '2026-03-06'].map(async (day) => {
        const { id } = await rig.disbursement({ state: 'succeeded' });
        const at = `${day}T09:00:00Z`;
        const times = { first_send_at: at, resolved_at: at };
        const rail = railId(LANE, id, 1);
        await rig.attempt(id, 1, 'settled', {
          lane: LANE,
          rail_id: rail,
          sends: 1,
          outcome_seq: 1,
          ...times,
        });
        return { id, rail, day };
      }),
    );
    const booking = (nth: number): object => ({
      ...{ direction: 'debit', booked: true, reversal: false, amount: '75.00', currency: 'KES' },
      ...{ bookedOn: paid[nth]!.day, endToEndId: paid[nth]!.rail, reference: `R${nth}` },
    });
    const statement = (account: string, ...numbers: number[]): object => ({
      id: account,
      account,
      whole: false,
      bookings: numbers.map(booking),
    });
    const statements = [statement('600100', 0, 1), statement('600 200', 2)];
    const file = JSON.parse(JSON.stringify({ form: 'camt', statements })) as Parameters<
      typeof importStatements
    >[1];
    await importStatements(rig.dataSource, file, {
      lane: LANE,
      fileName: 'f',
      bytes: Buffer.from('f'),
      actor: 'x',
    });
    expect(await readBreaks(rig.dataSource, { lane: LANE, limit: 10 })).toMatchObject([
      { kind: 'wrong_account', disbursement_id: paid[1]!.id, account: '600100' },
    ]);
  });
});

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { disbursementId } from '@gpo/g2p-connect-schemas';
import { IdBook } from '../../rail-simulator/src/mapper/id-book.js';
import { PathRig, goodLines, message, until, type TestLine } from '../../../tools/testing/path-rig-spec.js';

const LINES = 240;
const BOOK = new IdBook({ seed: 1, knownPercent: 90, failPercent: 0 });

/** Every fourth line names an account, the others a beneficiary id. */
function lines(): TestLine[] {
  return goodLines(LINES).map((line, index) =>
    index % 4 === 0 ? line : { ...line, currency_code: 'KES', payee_fa: `token:${randomUUID()}@nationalId` },
  );
}

describe('a programme that knows beneficiary ids', () => {
  let rig: PathRig;

  beforeAll(async () => {
    rig = await PathRig.start({
      env: {
        gateway: { GPO_CRASH_POINT: 'resolve.before-commit' },
        'rail-simulator': { SIMULATOR_MAPPER_KNOWN_PERCENT: '90', SIMULATOR_MAPPER_FAIL_PERCENT: '30' },
      },
    });
  }, 120_000);
  afterAll(() => rig.stop(), 60_000);

  it('with a mapper that fails and a gateway that dies with its answer in hand: each known person is paid once at the right address, each other line refused', async () => {
    const transaction = randomUUID();
    const sent = lines();
    const gateway = rig.apps.get('gateway')!;
    const firstLife = gateway.pid;
    await rig.post(message(transaction, sent));
    await until(60_000, () => Promise.resolve(gateway.pid !== firstLife || undefined));
    await gateway.untilReady();
    // The lease of the call that died.
    await rig.sql.query('UPDATE resolve_range SET next_at = now()');
    const batch = await rig.settled(transaction, 120_000);
    const known = sent.filter(({ payee_fa }) => !payee_fa.startsWith('token:') || BOOK.numberOf(payee_fa));
    expect(batch.states.succeeded!.count).toBe(known.length);
    expect(batch.states.malformed!.count).toBe(LINES - known.length);
    expect(await rig.journal()).toMatchObject({ payments: known.length, double_payments: 0 });
    for (const { payee_fa, reference_id } of sent) await expectPayment(transaction, reference_id, payee_fa);
    const told = rig.receiver.linesOf(transaction);
    for (const line of sent)
      expect(told.get(line.reference_id)).toEqual([known.includes(line) ? 'succ' : 'rjct']);
  }, 240_000);

  async function expectPayment(transaction: string, reference: string, payeeFa: string): Promise<void> {
    if (!payeeFa.startsWith('token:')) return;
    const id = disbursementId('openg2p', transaction, reference);
    const url = `${rig.simulatorUrl}/simulator/journal?disbursement_id=${id}`;
    const { payments } = (await (await fetch(url)).json()) as { payments: { creditParty?: unknown }[] };
    const number = BOOK.numberOf(payeeFa);
    expect(payments).toHaveLength(number === undefined ? 0 : 1);
    if (number !== undefined) expect(JSON.stringify(payments[0]!.creditParty)).toContain(number);
  }
});

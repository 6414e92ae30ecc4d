import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PathRig, message, until } from '../../../tools/testing/path-rig-spec.js';

const LANE = 'core-banking';
const run = promisify(execFile);

describe('the books of a lane and those of its bank', () => {
  let rig: PathRig;
  beforeAll(async () => {
    rig = await PathRig.start();
  }, 60_000);
  afterAll(() => rig.stop(), 60_000);

  async function gpo(...words: string[]): Promise<Record<string, string>[]> {
    const env = { ...process.env, DATABASE_URL: rig.record.url };
    const { stdout } = await run(
      process.execPath,
      ['dist/tools/gpo/main.js', 'reconcile', ...words, '--json'],
      { env },
    );
    return JSON.parse(stdout) as Record<string, string>[];
  }

  it('the position of the day is the bank’s own balance to the minor unit, with payments that failed, were tried again and came back', async () => {
    const ends = ['0000000', '0000000', '0000000', '9990001', '9990006', '9990013', '9990014', '9990012'];
    const lines = Array.from({ length: 160 }, (_, index) => ({
      reference_id: randomUUID(),
      payee_fa: `account_no:${100 + index}${ends[index % ends.length]}@BANKRWRW`,
      amount: `${100 + index}.37`,
      currency_code: 'KES',
    }));
    const transactionId = randomUUID();
    await rig.post(message(transactionId, lines));
    await rig.settled(transactionId, 90_000);
    await until(60_000, async () =>
      (await rig.client.batch(transactionId)).states.returned!.count === 20 ? true : undefined,
    );
    const [statement, { balance_minor: balance }] = await Promise.all([
      fetch(`${rig.simulatorUrl}/simulator/bank/${LANE}/statement?currency=KES`).then((answer) =>
        answer.text(),
      ),
      fetch(`${rig.simulatorUrl}/simulator/balance/${LANE}`).then(
        async (answer) => (await answer.json()) as { balance_minor: { KES: string } },
      ),
    ]);
    const file = join(rig.dir, 'camt053.xml');
    writeFileSync(file, statement);
    const [imported] = await gpo('import', file, '--lane', LANE, '--by', 'the treasury');
    expect(imported).toMatchObject({ statements: 1, bookings: 140, matched: 140, opened: 0 });
    const positions = (await gpo('positions', '--lane', LANE)).filter(({ bank }) => typeof bank === 'string');
    const { closing, bank, difference, gap, in_flight } = positions.at(-1)!;
    const decimal = `${balance.KES.slice(0, -2)}.${balance.KES.slice(-2)}`;
    expect({ closing, bank, difference, gap, in_flight }).toEqual({
      ...{ closing: decimal, bank: decimal, difference: '0.00', gap: '0.00', in_flight: '0.00' },
    });
  }, 240_000);
});

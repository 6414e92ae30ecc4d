import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { RecordRig } from '../../../../tools/testing/record-rig-spec.js';
import { BankFileRepository } from './bank-file.repository.js';
import { bankFilesContract } from './bank-files.contract-spec.js';
import { planFile } from './iso20022.mapping.js';
import { config, instruction } from './iso20022.rig-spec.js';

let rig: RecordRig;
beforeAll(async () => {
  rig = await RecordRig.start();
});
afterAll(() => rig.stop());

bankFilesContract('the record', () => Promise.resolve(new BankFileRepository(rig.dataSource, randomUUID())));

it('looking up a few items, or one file, reads only those, however many the lane has sent', async () => {
  const lane = randomUUID();
  const files = new BankFileRepository(rig.dataSource, lane);
  const plans = Array.from({ length: 30 }, () =>
    planFile(
      lane,
      Array.from({ length: 100 }, () => instruction()),
      config(),
    ),
  );
  for (const plan of plans) await files.prepare(plan, new Date());
  const items = plans[7]!.groups.flatMap((group) => group.items).slice(0, 5);
  const railIds = items.map(({ railId }) => railId);
  await rig.dataSource.transaction(async (sql) => {
    const read = async (work: (one: BankFileRepository) => Promise<unknown>): Promise<number> => {
      const count = async (): Promise<number> => {
        const [row] = await sql.query<{ n: string }[]>(
          `SELECT coalesce(idx_tup_fetch, 0) + seq_tup_read AS n FROM pg_stat_xact_user_tables WHERE relname = 'bank_file_item'`,
        );
        return Number(row?.n ?? 0);
      };
      const before = await count();
      await work(new BankFileRepository(sql, lane));
      return (await count()) - before;
    };
    expect(await read(async (one) => expect((await one.find(railIds)).size).toBe(5))).toBeLessThanOrEqual(10);
    const whole = plans[9]!.messageId;
    expect(
      await read(async (one) => expect(await one.itemsOf([whole])).toHaveLength(100)),
    ).toBeLessThanOrEqual(200);
    const said = railIds.map((railId) => ({ railId, said: { kind: 'settled' as const } }));
    expect(await read((one) => one.say(said))).toBeLessThanOrEqual(20);
  });
});

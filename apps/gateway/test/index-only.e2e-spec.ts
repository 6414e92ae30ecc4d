import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PathRig, goodLines, message, until } from '../../../tools/testing/path-rig-spec.js';

/** Tables that grow with every disbursement or callback ever made. */
const GROWING = ['attempt', 'batch', 'batch_counter', 'callback', 'callback_item', 'disbursement', 'history'];
/** PostgreSQL publishes a session's counts at most once a second. */
const COUNTED_MS = 1500;

describe('the path in PostgreSQL', () => {
  let rig: PathRig;

  beforeAll(async () => {
    rig = await PathRig.start();
  }, 60_000);

  afterAll(() => rig.stop(), 30_000);

  async function rowsScanned(): Promise<Record<string, number>> {
    await sleep(COUNTED_MS);
    const { rows } = await rig.sql.query<{ relname: string; rows: string }>(
      'SELECT relname, seq_tup_read AS rows FROM pg_stat_user_tables WHERE relname = ANY($1) ORDER BY relname',
      [GROWING],
    );
    return Object.fromEntries(rows.map(({ relname, rows: read }) => [relname, Number(read)]));
  }

  it('reads no growing table whole, so the next disbursement costs what the first did', async () => {
    const pay = async (): Promise<void> => {
      const id = randomUUID();
      await rig.post(message(id, goodLines(200)));
      await rig.settled(id);
      await until(20_000, () => Promise.resolve(rig.receiver.linesOf(id).size === 200 ? true : undefined));
    };
    await pay();
    const before = await rowsScanned();
    await pay();
    expect(await rowsScanned()).toEqual(before);
  }, 90_000);
});

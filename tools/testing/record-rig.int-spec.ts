import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { RecordRig } from './record-rig-spec.js';

let rig: RecordRig;
beforeAll(async () => {
  rig = await RecordRig.start();
}, 60_000);
afterAll(() => rig.stop(), 30_000);

it('the database is emptied beside an application that takes the tables in another order', async () => {
  await rig.disbursement();
  const application = rig.dataSource.createQueryRunner();
  await application.startTransaction();
  await application.query('LOCK TABLE callback IN ROW EXCLUSIVE MODE');
  const emptied = rig.clear();
  await sleep(300);
  await application.query('LOCK TABLE batch IN ROW EXCLUSIVE MODE');
  await application.commitTransaction();
  await application.release();
  await emptied;
  expect(await rig.rows('SELECT 1 FROM batch')).toEqual([]);
}, 30_000);

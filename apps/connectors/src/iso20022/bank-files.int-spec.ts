import { afterAll, beforeAll } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { RecordRig } from '../../../../tools/testing/record-rig-spec.js';
import { BankFileRepository } from './bank-file.repository.js';
import { bankFilesContract } from './bank-files.contract-spec.js';

let rig: RecordRig;
beforeAll(async () => {
  rig = await RecordRig.start();
});
afterAll(() => rig.stop());

bankFilesContract('the record', () => Promise.resolve(new BankFileRepository(rig.dataSource, randomUUID())));

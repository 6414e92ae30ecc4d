import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { verifyChain } from '@gpo/audit';
import { writeHistory } from '../../audit/src/history.rig-spec.js';
import { RecordRig } from '../../../tools/testing/record-rig-spec.js';
import { grantApplication } from './application-role.js';
import { createDataSource, runMigrations } from './data-source.js';

const ROLE = `app-${randomBytes(4).toString('hex')}`;
const PASSWORD = 'app';

let rig: RecordRig;
let application: DataSource;
beforeAll(async () => {
  rig = await RecordRig.start();
  await rig.rows(`CREATE ROLE "${ROLE}" LOGIN PASSWORD '${PASSWORD}'`);
  await grantApplication(rig.dataSource, ROLE);
  const url = new URL(rig.url);
  url.username = ROLE;
  url.password = PASSWORD;
  application = await createDataSource(url.href, 4).initialize();
}, 60_000);
afterAll(async () => {
  await application.destroy();
  await rig.rows(`DROP OWNED BY "${ROLE}"`);
  await rig.rows(`DROP ROLE "${ROLE}"`);
  await rig.stop();
}, 30_000);

describe('the role of the processes', () => {
  it('starts on tables that are up to date, and writes history that fits its chain', async () => {
    await runMigrations(application);
    await writeHistory({ dataSource: application }, 3);
    expect(await verifyChain(application)).toMatchObject({ rows: 60, findings: [] });
  });

  it.each(['history', 'audit_link'])(
    'can change, delete or empty no row of %s, and turn no trigger off',
    async (table) => {
      for (const statement of [`UPDATE ${table} SET at = now()`, `DELETE FROM ${table}`, `TRUNCATE ${table}`])
        await expect(application.query(statement)).rejects.toThrow(`permission denied for table ${table}`);
      await expect(application.query(`ALTER TABLE ${table} DISABLE TRIGGER append_only`)).rejects.toThrow(
        'must be owner',
      );
      await expect(application.query('SET session_replication_role = replica')).rejects.toThrow(
        'permission denied',
      );
    },
  );
});

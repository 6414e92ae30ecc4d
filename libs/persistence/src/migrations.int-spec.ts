import { describe, expect, it } from '@jest/globals';
import { createDataSource, runMigrations } from './data-source.js';
import { freshDatabase } from './fresh-database.js';

describe('the migrations', () => {
  it('can all be undone, which leaves no table behind, and done again', async () => {
    const database = await freshDatabase(process.env.TEST_DATABASE_URL!);
    const dataSource = await createDataSource(database.url, 2).initialize();
    const tables = async (): Promise<string[]> => {
      const rows = await dataSource.query<{ name: string }[]>(
        `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migrations' ORDER BY 1`,
      );
      return rows.map(({ name }) => name);
    };
    try {
      const before = await tables();
      expect(before).toContain('disbursement');
      for (let left = dataSource.migrations.length; left > 0; left -= 1) await dataSource.undoLastMigration();
      expect(await tables()).toEqual([]);
      await runMigrations(dataSource);
      expect(await tables()).toEqual(before);
    } finally {
      await dataSource.destroy();
      await database.drop();
    }
  }, 60_000);
});

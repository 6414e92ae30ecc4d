import { createDataSource, type Sql } from '@gpo/persistence';
import { CommandFailed } from './command-failed.js';
import { readGpoConfig } from './gpo.config.js';

/** Runs `work` on the installation's PostgreSQL. @throws CommandFailed with one sentence when it does not answer. */
export async function fromRecord<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
  const dataSource = createDataSource(readGpoConfig(process.env).databaseUrl, 1);
  try {
    await dataSource.initialize();
  } catch (cause) {
    throw new CommandFailed('PostgreSQL does not answer: start the installation, or set DATABASE_URL.', 1, {
      cause,
    });
  }
  try {
    return await work(dataSource);
  } finally {
    await dataSource.destroy();
  }
}

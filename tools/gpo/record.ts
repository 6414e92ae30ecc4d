import type { DataSource } from 'typeorm';
import { createDataSource, runMigrations } from '@gpo/persistence';
import { CommandFailed } from './command-failed.js';
import { readGpoConfig } from './gpo.config.js';

// Migrations hold their lock on a connection of its own.
const POOL = 2;

/**
 * Runs `work` on the installation's PostgreSQL.
 * @param options migrate: brings the tables up to date first, for commands that may be the first to come.
 * @throws CommandFailed with one sentence when it does not answer.
 */
export async function fromRecord<T>(
  work: (record: DataSource) => Promise<T>,
  options: { migrate?: boolean } = {},
): Promise<T> {
  const record = createDataSource(readGpoConfig(process.env).databaseUrl, POOL);
  try {
    await record.initialize();
  } catch (cause) {
    throw new CommandFailed('PostgreSQL does not answer: start the installation, or set DATABASE_URL.', 1, {
      cause,
    });
  }
  try {
    if (options.migrate === true) await runMigrations(record);
    return await work(record);
  } finally {
    await record.destroy();
  }
}

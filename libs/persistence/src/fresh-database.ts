import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { createDataSource, runMigrations } from './data-source.js';

/** A migrated database of its own, for one test suite or one benchmark. */
export interface FreshDatabase {
  url: string;
  drop(): Promise<void>;
}

/** @param adminUrl a database whose user may create others. */
export async function freshDatabase(adminUrl: string): Promise<FreshDatabase> {
  const name = `gpo_${randomBytes(6).toString('hex')}`;
  await asAdmin(adminUrl, `CREATE DATABASE ${name}`);
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  const dataSource = await createDataSource(url.href, 2).initialize();
  await runMigrations(dataSource);
  await dataSource.destroy();
  return { url: url.href, drop: () => asAdmin(adminUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

async function asAdmin(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

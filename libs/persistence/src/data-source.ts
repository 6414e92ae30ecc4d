import pg from 'pg';
import { DataSource, type EntityManager } from 'typeorm';
import { ADVISORY_LOCKS } from './advisory-locks.js';
import { MIGRATIONS } from './migrations.js';

const IDLE_IN_TRANSACTION_MS = 10_000;

/**
 * Every statement of the apps reaches its rows through an index. The statistics of a table that was filled a moment ago,
 * and guesses such as "a third of all rows are unpublished", make the planner read it whole instead: the path then
 * gets slower with every disbursement ever paid. Forbidden plans count as expensive, and expensive ones would be
 * compiled for longer than they run, so the compiler is off.
 */
const PLANNER = [
  'random_page_cost=1.1',
  'enable_seqscan=off',
  'enable_hashjoin=off',
  'enable_mergejoin=off',
  'jit=off',
]
  .map((setting) => `-c ${setting}`)
  .join(' ');

/** What bulk statements run on: a data source, or the manager of its running transaction. */
export interface Sql {
  query<T = unknown>(sql: string, parameters?: unknown[]): Promise<T>;
}

/** @param url postgres://… @param poolSize connections this process may hold. */
export function createDataSource(url: string, poolSize: number): DataSource {
  return new DataSource({
    type: 'postgres',
    url,
    poolSize,
    migrations: MIGRATIONS,
    migrationsTransactionMode: 'each',
    extra: {
      // A pool that waits for ever would hang requests instead of answering 503.
      connectionTimeoutMillis: 5000,
      idleTimeoutMillis: 30_000,
      // A database host that vanished is noticed within minutes, not after the system's two hours.
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      options: PLANNER,
      // A process that was stopped in the middle of a transaction must not hold its locks for ever.
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    },
    poolErrorHandler: () => undefined,
  });
}

/** What a connection beside the pool of the data source needs to read as its connections do. */
export function clientConfig(url: string): pg.ClientConfig {
  return {
    connectionString: url,
    connectionTimeoutMillis: 5000,
    keepAlive: true,
    options: PLANNER,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
  };
}

/** A connection of its own, beside every pool, for a reader that may be slow. */
export function createClient(url: string): pg.Client {
  return new pg.Client(clientConfig(url));
}

/** Brings the schema up to date; any number of processes may call it at once. Needs a pool of at least two connections. */
export async function runMigrations(dataSource: DataSource): Promise<void> {
  const runner = dataSource.createQueryRunner();
  try {
    await runner.query('SELECT pg_advisory_lock($1)', [ADVISORY_LOCKS.migration]);
    await dataSource.runMigrations();
  } finally {
    await runner.query('SELECT pg_advisory_unlock($1)', [ADVISORY_LOCKS.migration]);
    await runner.release();
  }
}

/** Runs `work` in one transaction; rolls back on any throw. */
export async function inTransaction<T>(dataSource: DataSource, work: (sql: Sql) => Promise<T>): Promise<T> {
  return dataSource.transaction((manager: EntityManager) => work(manager));
}

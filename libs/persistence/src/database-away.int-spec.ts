import { EventEmitter, once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { createDataSource } from './data-source.js';
import { isDatabaseAway } from './database-away.js';
import { freshDatabase, type FreshDatabase } from './fresh-database.js';

describe('a database that is away', () => {
  let database: FreshDatabase;
  let admin: pg.Client;
  let name: string;

  beforeAll(async () => {
    database = await freshDatabase(process.env.TEST_DATABASE_URL!);
    name = new URL(database.url).pathname.slice(1);
    admin = new pg.Client({ connectionString: process.env.TEST_DATABASE_URL! });
    await admin.connect();
  });

  afterAll(async () => {
    await admin.end();
    await database.drop();
  });

  const thrown = async (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => Promise.reject(new Error('did not fail')),
      (error: unknown) => error,
    );

  const connect = async (change: (url: URL) => void): Promise<unknown> => {
    const url = new URL(database.url);
    change(url);
    return thrown(createDataSource(url.href, 1).initialize());
  };

  it('is away where it takes no connections, is missing or refuses the user', async () => {
    await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
    try {
      await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name]);
      expect(isDatabaseAway(await connect(() => undefined))).toBe(true);
    } finally {
      await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
    }
    expect(isDatabaseAway(await connect((url) => (url.pathname = '/gpo_missing')))).toBe(true);
    expect(isDatabaseAway(await connect((url) => (url.username = 'gpo_missing')))).toBe(true);
  });

  it('is away where nothing listens', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    expect(isDatabaseAway(await connect((url) => (url.host = `127.0.0.1:${port}`)))).toBe(true);
  });

  it('did not take the work of the one that it ends so that two need not wait for each other', async () => {
    const dataSource = await createDataSource(database.url, 2).initialize();
    const held = new EventEmitter();
    const both = [once(held, 'lock 0'), once(held, 'lock 1')] as const;
    // Each holds its own lock before either asks for the other's.
    const lock = (own: 0 | 1): Promise<unknown> =>
      dataSource.transaction(async (sql) => {
        await sql.query('SELECT pg_advisory_xact_lock($1)', [own]);
        held.emit(`lock ${own}`);
        await both[1 - own];
        await sql.query('SELECT pg_advisory_xact_lock($1)', [1 - own]);
      });
    const ends = await Promise.allSettled([lock(0), lock(1)]);
    const refused = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []));
    await dataSource.destroy();
    expect(refused).toMatchObject([{ code: '40P01' }]);
    expect(isDatabaseAway(refused[0])).toBe(true);
  });

  it('is away where it ends a running statement', async () => {
    const dataSource = await createDataSource(database.url, 1).initialize();
    const running = thrown(dataSource.query('SELECT pg_sleep(30), pg_backend_pid()'));
    let ended = 0;
    while (ended === 0) {
      const answer = await admin.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND query LIKE '%pg_sleep%'`,
        [name],
      );
      ended = answer.rowCount ?? 0;
    }
    expect(isDatabaseAway(await running)).toBe(true);
    await dataSource.destroy();
  });

  it('is not away where a statement is wrong', async () => {
    const dataSource = await createDataSource(database.url, 1).initialize();
    for (const statement of [
      'SELECT 1/0',
      'SELEC 1',
      'SELECT * FROM gpo_missing',
      `SELECT currval('lane_seen')`,
    ])
      expect({ statement, away: isDatabaseAway(await thrown(dataSource.query(statement))) }).toEqual({
        statement,
        away: false,
      });
    await dataSource.destroy();
    expect(isDatabaseAway(new TypeError('x'))).toBe(false);
    expect(isDatabaseAway('text')).toBe(false);
  });
});

import { execFile, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { endProcess, forgetProcess, markOf, noteProcess } from './os-process.js';
import { PlainError } from './plain-error.js';
import { postgresFiles, type PostgresFiles } from './postgres-files.js';

export interface RunningPostgres {
  /** A database whose user may make others. */
  url: string;
  pid: number;
  /** Where the data is. */
  data: string;
  stop(): Promise<void>;
}

const READY_MS = 60_000;
const VERSION = '18';

/**
 * Starts PostgreSQL on loopback with the data of `dir`, made at the first start.
 * @param options sharedBuffersMb: memory for its pages, 256 where not given.
 */
export async function startPostgres(options: {
  dir: string;
  port: number;
  pids: string;
  sharedBuffersMb?: number;
}): Promise<RunningPostgres> {
  const files = postgresFiles(options.dir);
  if (files.moved)
    process.stdout.write(
      `PostgreSQL keeps its data in ${files.data}, because its user cannot reach ${options.dir}.\n`,
    );
  mkdirSync(files.data, { recursive: true });
  await endLeftOver(files.data);
  await initialise(files);
  const output = openSync(`${files.data}.log`, 'a');
  const child = spawn(
    join(files.bin, 'postgres'),
    ['-D', files.data, '-p', String(options.port), ...settings(options.sharedBuffersMb ?? 256)],
    {
      ...files.user,
      stdio: ['ignore', output, output],
      detached: true,
    },
  );
  closeSync(output);
  const pid = child.pid!;
  noteProcess(options.pids, 'postgres', pid);
  const admin = `postgres://gpo@127.0.0.1:${options.port}/postgres`;
  await untilReady(admin, files.data, () => child.exitCode !== null);
  return {
    url: admin,
    pid,
    data: files.data,
    stop: async () => {
      // SIGINT is PostgreSQL's fast shutdown: it ends connections, writes a checkpoint and goes.
      const mark = markOf(pid);
      if (mark !== undefined) {
        process.kill(pid, 'SIGINT');
        await endProcess(mark, 30_000);
      }
      forgetProcess(options.pids, 'postgres');
    },
  };
}

/** The database the apps use, made when it is not there. @returns its URL. */
export async function ensureDatabase(adminUrl: string, name: string): Promise<string> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${name}`);
  } finally {
    await client.end();
  }
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return url.href;
}

function settings(sharedBuffersMb: number): string[] {
  const values = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    shared_buffers: `${sharedBuffersMb}MB`,
    max_wal_size: '4GB',
    checkpoint_timeout: '15min',
    wal_buffers: '16MB',
    jit: 'off',
    synchronous_commit: 'on',
    timezone: 'UTC',
  };
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

async function initialise({ bin, data, user }: PostgresFiles): Promise<void> {
  const versionFile = join(data, 'PG_VERSION');
  if (existsSync(versionFile)) {
    const version = readFileSync(versionFile, 'utf8').trim();
    if (version === VERSION) return;
    throw new PlainError(
      `The data in ${data} was made by PostgreSQL ${version}, this is ${VERSION}: start with --data and another folder, or upgrade the data with pg_upgrade.`,
    );
  }
  try {
    await promisify(execFile)(
      join(bin, 'initdb'),
      ['-D', data, '-U', 'gpo', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-instructions'],
      { ...user, cwd: '/' },
    );
  } catch (cause) {
    rmSync(data, { recursive: true, force: true });
    const text = String((cause as { stderr?: string }).stderr ?? cause);
    const hint = /No space left/.test(text)
      ? 'the disk is full: make room and start again'
      : text.trim().split('\n').at(-1);
    throw new PlainError(`PostgreSQL could not make its data in ${data}: ${hint ?? 'no reason given'}.`, {
      cause,
    });
  }
}

/** A postmaster that a killed launcher left behind on our own data. */
async function endLeftOver(data: string): Promise<void> {
  const file = join(data, 'postmaster.pid');
  if (!existsSync(file)) return;
  const [pidText, folder] = readFileSync(file, 'utf8').split('\n');
  const mark = markOf(Number(pidText));
  if (mark === undefined || folder !== data || !isPostgres(mark.pid)) return;
  process.kill(mark.pid, 'SIGINT');
  await endProcess(mark, 30_000);
}

function isPostgres(pid: number): boolean {
  const file = `/proc/${pid}/cmdline`;
  return !existsSync(file) || readFileSync(file, 'utf8').includes('postgres');
}

async function untilReady(url: string, data: string, ended: () => boolean): Promise<void> {
  const until = Date.now() + READY_MS;
  while (Date.now() < until) {
    if (ended()) throw new PlainError(`PostgreSQL ended while starting; its reason is in ${data}.log.`);
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1000 });
    try {
      await client.connect();
      await client.query('SELECT 1');
      return;
    } catch {
      await sleep(50);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
  throw new PlainError(`PostgreSQL was not ready within ${READY_MS / 1000} seconds; see ${data}.log.`);
}

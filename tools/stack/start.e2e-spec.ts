import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '../testing/path-rig-spec.js';
import { freePort } from './free-port.js';
import { isAlive, markOf, type ProcessMark } from './os-process.js';

interface Report {
  accepted: number;
  succeeded: number;
  in_flight: number;
  rail_payments: number;
  rail_double_payments: number;
  violations: string[];
}

/** `npm start` as a user runs it, with a data folder and ports of its own. */
class Launcher {
  output = '';
  readonly process: ChildProcess;
  readonly ended: Promise<number | null>;

  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.process = spawn(process.execPath, ['tools/start.mjs', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    const take = (chunk: Buffer): void => void (this.output += chunk.toString());
    this.process.stdout!.on('data', take);
    this.process.stderr!.on('data', take);
    this.ended = new Promise((resolve) => this.process.once('close', (code) => resolve(code)));
  }

  async says(text: string): Promise<void> {
    await until(60_000, () => Promise.resolve(this.output.includes(text) ? true : undefined));
  }
}

describe('npm start', () => {
  let dir: string;
  let port: number;
  const args = (...more: string[]): string[] => ['--data', dir, '--port', String(port), ...more];

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'gpo-start-'));
    // A folder that the user postgres can reach, as a checkout normally is.
    chmodSync(dir, 0o755);
    port = Math.min(await freePort(), 60_000);
  });

  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('--once pays the sample programme, reports it and exits 0; Ctrl-C ends all; a second start finds its data', async () => {
    const file = join(dir, 'report.json');
    const once = new Launcher(args('--once', '--sample', '60', '--report', file));
    expect(await once.ended).toBe(0);
    const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
    expect(report).toMatchObject({ accepted: 60, in_flight: 0, rail_double_payments: 0, violations: [] });
    expect(report.succeeded).toBeGreaterThan(40);
    const again = new Launcher(args('--sample', '0'));
    await again.says('Ctrl-C ends everything.');
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/batches`, {
      headers: { Authorization: 'Bearer auditor-dev-key' },
    });
    const { batches } = (await answer.json()) as { batches: { total_count: number }[] };
    expect(batches.map(({ total_count }) => total_count)).toEqual([60]);
    const children = marks(dir);
    again.process.kill('SIGINT');
    expect(await again.ended).toBe(0);
    expect(children.filter(isAlive)).toEqual([]);
  }, 180_000);

  it('recovers from a launcher that was killed with -9: its left-over processes end, a foreign one is not touched', async () => {
    const first = new Launcher(args('--sample', '0'));
    await first.says('Ctrl-C ends everything.');
    const left = marks(dir);
    expect(left.length).toBeGreaterThanOrEqual(6);
    first.process.kill('SIGKILL');
    await first.ended;
    expect(left.filter(isAlive)).toHaveLength(left.length);
    const foreign = spawn('sleep', ['600'], { stdio: 'ignore' });
    // The number of a dead child of ours, given to another program since.
    const stale = { pid: foreign.pid!, started: '1' };
    writeFileSync(join(dir, 'pids', 'stale.json'), JSON.stringify(stale));
    const second = new Launcher(args('--once', '--sample', '20'));
    expect(await second.ended).toBe(0);
    expect(left.filter(isAlive)).toEqual([]);
    expect(markOf(foreign.pid!)).toBeDefined();
    foreign.kill();
  }, 180_000);

  async function refusal(env: Record<string, string> = {}): Promise<string> {
    const launcher = new Launcher(args('--once', '--sample', '1'), env);
    expect(await launcher.ended).toBe(1);
    expect(launcher.output).not.toMatch(/^\s+at /m);
    return launcher.output;
  }

  it('says which port is taken', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port + 1, '127.0.0.1', resolve));
    expect(await refusal()).toContain(`Port ${port + 1} (connectors) is taken by another program: end that`);
    server.close();
  }, 60_000);

  it('says that Java is missing, and the ways out', async () => {
    const bin = join(dir, 'bin');
    mkdirSync(bin);
    symlinkSync(execFileSync('which', ['id'], { encoding: 'utf8' }).trim(), join(bin, 'id'));
    expect(await refusal({ PATH: bin })).toContain('No Java was found: install a Java runtime 17 or newer');
  }, 60_000);

  it('says that the data is of another version of PostgreSQL', async () => {
    const data = join(dir, 'postgres');
    mkdirSync(data);
    writeFileSync(join(data, 'PG_VERSION'), '15\n');
    expect(await refusal()).toMatch(/made by PostgreSQL 15, this is 18: start with --data/);
  }, 60_000);

  const mountable = canMount();
  (mountable ? it : it.skip)(
    'says that the disk is full (needs the right to mount a small one)',
    async () => {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m,mode=755', 'tmpfs', dir]);
      try {
        expect(await refusal()).toContain('disk is full: make room and start again');
      } finally {
        execFileSync('umount', [dir]);
      }
    },
    60_000,
  );
});

/** The processes a launcher noted as its own. */
function marks(dir: string): ProcessMark[] {
  return readdirSync(join(dir, 'pids')).map(
    (name) => JSON.parse(readFileSync(join(dir, 'pids', name), 'utf8')) as ProcessMark,
  );
}

function canMount(): boolean {
  const at = mkdtempSync(join(tmpdir(), 'gpo-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', at], { stdio: 'ignore' });
    execFileSync('umount', [at], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(at, { recursive: true, force: true });
  }
}

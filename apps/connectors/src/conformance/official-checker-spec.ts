import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../../../tools/stack/free-port.js';

const READY_MS = 60_000;
const POLL_MS = 100;

const specs = join(process.env.GPO_SHARED ?? join(process.cwd(), '../shared'), 'specs');
const modules = process.env.PRISM_DIR ?? join(process.cwd(), 'node_modules');
const prism = join(modules, '@stoplight/prism-cli/dist/index.js');

/** Whether the outside judge can be had: the published descriptions beside the project, and Prism. */
export function hasChecker(spec: string): boolean {
  return existsSync(join(specs, spec)) && existsSync(join(specs, 'prismcheck.mjs')) && existsSync(prism);
}

/** The line in which prismcheck says how many bodies of paths with this part Prism would let pass unread. */
export function uncheckedBodies(spec: string, path: string): string {
  const env = { ...process.env, PRISM_DIR: modules };
  const script = join(specs, 'prismcheck.mjs');
  const { stdout } = spawnSync(process.execPath, [script, join(specs, spec), path], {
    encoding: 'utf8',
    env,
  });
  return stdout.trim().split('\n').at(-1) ?? '';
}

/** Prism with a rail's published description between connector and simulator: judges each request and each answer. */
export class OfficialChecker {
  private process: ChildProcess | undefined;
  private output = '';

  constructor(
    private readonly spec: string,
    private readonly upstream: string,
  ) {}

  /** @returns the address that connectors speak to. */
  async start(): Promise<string> {
    const port = await freePort();
    const args = [prism, 'proxy', join(specs, this.spec), this.upstream, '-p', String(port), '--errors'];
    this.process = spawn(process.execPath, [...args, '-h', '127.0.0.1'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.process.stdout, this.process.stderr])
      stream?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    const until = performance.now() + READY_MS;
    while (!this.output.includes('listening')) {
      if (performance.now() > until || this.process.exitCode !== null)
        throw new Error(`Prism did not start: ${this.output.slice(-500)}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    return `http://127.0.0.1:${port}`;
  }

  async stop(): Promise<void> {
    const running = this.process;
    if (running === undefined || running.exitCode !== null) return;
    const gone = new Promise((resolve) => running.once('exit', resolve));
    running.kill('SIGKILL');
    await gone;
  }

  /** What Prism has complained of so far. */
  violations(): string[] {
    return this.output.split('\n').filter((line) => /violation/i.test(line));
  }
}

import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endProcess, forgetProcess, markOf, noteProcess } from './os-process.js';
import { PlainError } from './plain-error.js';

export interface AppOptions {
  name: string;
  /** Compiled entry, from the repository root. */
  entry: string;
  port: number;
  env: Readonly<Record<string, string>>;
  /** Folder for logs and process marks. */
  dir: string;
}

const READY_MS = 60_000;
const RESTART_FIRST_MS = 200;
const RESTART_MAX_MS = 10_000;
const STEADY_MS = 30_000;

/** One Node process of the product, kept running: started again with growing pauses when it ends by itself. */
export class AppProcess {
  private child: ChildProcess | undefined;
  private stopping = false;
  private pauseMs = RESTART_FIRST_MS;
  private startedAt = 0;

  constructor(readonly options: AppOptions) {}

  get pid(): number | undefined {
    return this.child?.pid;
  }

  get logFile(): string {
    return join(this.options.dir, 'logs', `${this.options.name}.log`);
  }

  /** @param firstLife environment that a restart after its end does not get again. */
  start(firstLife: Readonly<Record<string, string>> = {}): void {
    const { name, entry, env, dir } = this.options;
    mkdirSync(join(dir, 'logs'), { recursive: true });
    const output = openSync(this.logFile, 'a');
    this.child = spawn(process.execPath, [entry], {
      stdio: ['ignore', output, output],
      // Ctrl-C reaches the launcher only; it ends the others in order.
      detached: true,
      env: { ...process.env, ...env, ...firstLife },
    });
    closeSync(output);
    this.startedAt = Date.now();
    if (this.child.pid !== undefined) noteProcess(join(dir, 'pids'), name, this.child.pid);
    this.child.once('exit', () => this.ended());
  }

  private ended(): void {
    if (this.stopping) return;
    if (Date.now() - this.startedAt > STEADY_MS) this.pauseMs = RESTART_FIRST_MS;
    setTimeout(() => {
      if (!this.stopping) this.start();
    }, this.pauseMs).unref();
    this.pauseMs = Math.min(RESTART_MAX_MS, this.pauseMs * 2);
  }

  /** @throws PlainError with the process's own last words when it does not become ready. */
  async untilReady(): Promise<void> {
    const until = Date.now() + READY_MS;
    while (Date.now() < until) {
      if (await this.isReady()) return;
      if (this.child?.exitCode === 1)
        throw new PlainError(`The ${this.options.name} cannot start: ${this.lastWords()}`);
      await sleep(100);
    }
    throw new PlainError(
      `The ${this.options.name} was not ready within ${READY_MS / 1000} seconds; see ${this.logFile}.`,
    );
  }

  private async isReady(): Promise<boolean> {
    try {
      const answer = await fetch(`http://127.0.0.1:${this.options.port}/health/ready`, {
        signal: AbortSignal.timeout(1000),
      });
      return answer.status === 200;
    } catch {
      return false;
    }
  }

  private lastWords(): string {
    const lines = readFileSync(this.logFile, 'utf8').trim().split('\n');
    const last = lines.at(-1) ?? '';
    try {
      return (JSON.parse(last) as { message: string }).message;
    } catch {
      return last;
    }
  }

  async stop(): Promise<void> {
    this.stopping = true;
    const mark = this.pid === undefined ? undefined : markOf(this.pid);
    if (mark !== undefined) await endProcess(mark, 20_000);
    forgetProcess(join(this.options.dir, 'pids'), this.options.name);
  }
}

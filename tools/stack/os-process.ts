import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process, told apart from a later one with the same number by its start time. */
export interface ProcessMark {
  pid: number;
  started: string;
}

/** The start of a living process as the system writes it; undefined when there is none. */
function startOf(pid: number): string | undefined {
  try {
    if (existsSync('/proc/self/stat')) {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' ? undefined : fields[19];
    }
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    return undefined;
  }
}

export function markOf(pid: number): ProcessMark | undefined {
  const started = startOf(pid);
  return started === undefined ? undefined : { pid, started };
}

export function isAlive(mark: ProcessMark): boolean {
  return startOf(mark.pid) === mark.started;
}

/** Notes a child, so that the next launcher finds it should this one be killed. */
export function noteProcess(folder: string, name: string, pid: number): void {
  mkdirSync(folder, { recursive: true });
  const mark = markOf(pid);
  if (mark !== undefined) writeFileSync(join(folder, `${name}.json`), JSON.stringify(mark));
}

export function forgetProcess(folder: string, name: string): void {
  rmSync(join(folder, `${name}.json`), { force: true });
}

function readMark(file: string): ProcessMark | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ProcessMark;
  } catch {
    // A file cut short by a power cut names nobody.
    return undefined;
  }
}

/** Ends what a killed launcher left behind. Only processes that carry the noted start time are touched. */
export async function endOrphans(folder: string): Promise<void> {
  if (!existsSync(folder)) return;
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
  await Promise.all(
    files.map(async (name) => {
      const mark = readMark(join(folder, name));
      if (mark !== undefined) await endProcess(mark, 15_000);
      rmSync(join(folder, name), { force: true });
    }),
  );
}

/** SIGTERM, and SIGKILL when the process has not ended within the time. */
export async function endProcess(mark: ProcessMark, waitMs: number): Promise<void> {
  signal(mark, 'SIGCONT');
  signal(mark, 'SIGTERM');
  const until = Date.now() + waitMs;
  while (isAlive(mark) && Date.now() < until) await sleep(50);
  signal(mark, 'SIGKILL');
  while (isAlive(mark)) await sleep(20);
}

function signal(mark: ProcessMark, name: NodeJS.Signals): void {
  if (!isAlive(mark)) return;
  try {
    process.kill(mark.pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Takes the folder for this launcher. @returns the mark of the launcher that has it, when there is one. */
export function lockFolder(folder: string): ProcessMark | undefined {
  const file = join(folder, 'launcher.lock');
  const holder = readMark(file);
  if (holder !== undefined && holder.pid !== process.pid && isAlive(holder)) return holder;
  writeFileSync(file, JSON.stringify(markOf(process.pid)));
  return undefined;
}

export function unlockFolder(folder: string): void {
  rmSync(join(folder, 'launcher.lock'), { force: true });
}

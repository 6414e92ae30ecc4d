import { execFileSync } from 'node:child_process';

/** Resident memory in MiB, of each named process together with its children. */
export function residentMb(roots: Readonly<Record<string, number | undefined>>): Record<string, number> {
  const processes = execFileSync('ps', ['-e', '-o', 'pid=,ppid=,rss='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number) as [number, number, number]);
  const result: Record<string, number> = {};
  for (const [name, pid] of Object.entries(roots)) {
    if (pid === undefined) continue;
    const ofName = processes.filter(
      ([own, parent]) => own === pid || (parent === pid && name !== 'launcher'),
    );
    result[name] = Math.round(ofName.reduce((sum, [, , kb]) => sum + kb, 0) / 1024);
  }
  return result;
}

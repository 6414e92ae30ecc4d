import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../stack/kafka-jars.js';

const PIP_MS = 120_000;
const LOOK_MS = 200;

/**
 * Folder of a Python environment with just this package, made at the first use (PyPI).
 * @param beside further requirements, where the package does not say rightly what it needs.
 * @throws where Python or the package cannot be had.
 */
export function pythonPackage(name: string, version: string, beside: readonly string[] = []): string {
  const folder = join(cacheFolder(), `${name}-${version}`);
  const made = join(folder, 'made');
  mkdirSync(cacheFolder(), { recursive: true });
  const lock = `${folder}.lock`;
  for (const end = Date.now() + 2 * PIP_MS; !existsSync(made); pause()) {
    if (!taken(lock)) {
      // Whoever held it this long has ended without giving it back.
      if (Date.now() > end) rmSync(lock, { recursive: true, force: true });
      continue;
    }
    try {
      if (!existsSync(made)) install(folder, [`${name}==${version}`, ...beside]);
      writeFileSync(made, '');
    } finally {
      rmSync(lock, { recursive: true, force: true });
    }
  }
  return folder;
}

/** Other test processes may want the same package at the same time. */
function taken(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch {
    return false;
  }
}

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_MS);
}

function install(folder: string, requirements: readonly string[]): void {
  rmSync(folder, { recursive: true, force: true });
  const quiet = { stdio: 'ignore', timeout: PIP_MS } as const;
  execFileSync('python3', ['-m', 'venv', folder], quiet);
  execFileSync(join(folder, 'bin/pip'), ['install', '--disable-pip-version-check', ...requirements], quiet);
}

import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Repository root; every tool works from there. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const NODE_MIN = 20;

/** Ends with one plain sentence. */
export function fail(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}

/** Makes a fresh clone ready: right Node, dependencies as locked, sources compiled. Says so on standard error: a command may print JSON. */
export function prepare() {
  process.chdir(root);
  if (Number(process.versions.node.split('.')[0]) < NODE_MIN) {
    fail(`Node ${process.versions.node} is too old: install Node ${NODE_MIN} or newer.`);
  }
  installDependencies();
  build();
}

function installDependencies() {
  const wanted = createHash('sha256').update(readFileSync('package-lock.json')).digest('hex');
  const stamp = 'node_modules/.gpo-lock';
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  process.stderr.write('Installing dependencies (npm ci)...\n');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const result = spawnSync(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { encoding: 'utf8' });
  if (result.status !== 0) {
    process.stderr.write(result.stderr ?? '');
    fail(
      'npm ci failed: the reason stands above; check the network and the npm registry settings, then start again.',
    );
  }
  writeFileSync(stamp, wanted);
}

function build() {
  const newest = Math.max(...sources().map((file) => statSync(file).mtimeMs));
  const stamp = 'dist/.gpo-built';
  const key = `${newest} ${sources().length}`;
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === key) return;
  process.stderr.write('Compiling...\n');
  try {
    execFileSync(process.execPath, ['node_modules/@nestjs/cli/bin/nest.js', 'build', 'gateway'], {
      stdio: ['ignore', 'pipe', 'inherit'],
      encoding: 'utf8',
    });
  } catch (error) {
    process.stderr.write(error.stdout ?? '');
    fail('The sources do not compile: the reasons stand above.');
  }
  mkdirSync('dist', { recursive: true });
  writeFileSync(stamp, key);
}

function sources() {
  const files = ['package.json', 'nest-cli.json', 'tsconfig.json', 'tsconfig.build.json'];
  for (const top of ['apps', 'libs', 'tools']) {
    for (const entry of readdirSync(top, { recursive: true })) {
      const file = join(top, String(entry));
      if (file.endsWith('.ts') && !file.endsWith('spec.ts')) files.push(file);
    }
  }
  return files;
}

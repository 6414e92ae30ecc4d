import { spawnSync } from 'node:child_process';
import { prepare } from './prepare.mjs';

/** npm run check: format, lint, types, drift of generated files. Unit and tidy tests run in npm test as well. */
prepare();
const steps = [
  [
    'format',
    'node_modules/prettier/bin/prettier.cjs',
    '--check',
    '--log-level',
    'warn',
    '{apps,libs,tools}/**/*.{ts,mjs}',
    '*.js',
  ],
  [
    'lint',
    'node_modules/eslint/bin/eslint.js',
    'apps',
    'libs',
    'tools',
    '--cache',
    '--cache-location',
    'node_modules/.cache/eslint/',
  ],
  ['types', 'node_modules/typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.json'],
  ['generated files', 'dist/tools/generate/main.js', '--check'],
];
const unit = [
  'unit and tidy',
  '--experimental-vm-modules',
  'node_modules/jest/bin/jest.js',
  '--selectProjects',
  'unit',
  '--silent',
];
if (!process.argv.includes('--no-tests')) steps.push(unit);
for (const [name, ...args] of steps) {
  process.stdout.write(`${name}... `);
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    maxBuffer: 67_108_864,
  });
  process.stdout.write(status === 0 ? 'ok\n' : 'FAILED\n');
  if (status !== 0) {
    process.stdout.write(`${stdout}${stderr}`);
    process.exit(1);
  }
}

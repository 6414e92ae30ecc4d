import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepare } from './prepare.mjs';

/**
 * npm test [jest arguments]: everything that can be proved on one machine. Last line: N passed, N failed, N skipped.
 * Without arguments two rows of runs go side by side, for path tests wait most of their time; each run has its own Kafka
 * and PostgreSQL and takes one file after the other. A run keeps in memory what each file loaded, so a row is several of
 * them: at its heap's limit it takes twice the time. The longest path test stands in the shorter row.
 */
const LONGEST = 'test/kill.e2e';
const LARGEST = 'apps/gateway/';
const IGNORED = ['/node_modules/', '/dist/'];
const ROWS = [
  [
    ['--selectProjects', 'unit', 'conformance'],
    ['--selectProjects', 'module', '--testPathPatterns', LARGEST],
    ['--selectProjects', 'module', '--testPathIgnorePatterns', LARGEST, ...IGNORED],
    ['--selectProjects', 'path', '--testPathPatterns', LONGEST],
  ],
  [['--selectProjects', 'path', '--testPathIgnorePatterns', LONGEST, ...IGNORED]],
];
const SLOWEST = 12;

prepare();
const args = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'gpo-jest-'));
const rows = args.length > 0 ? [[args]] : ROWS;
const results = (await Promise.all(rows.map(oneAfterTheOther))).flat();
rmSync(folder, { recursive: true, force: true });
tellSlowest(results.flatMap(({ report }) => report?.testResults ?? []));
const sum = (count) => results.reduce((total, { report }) => total + (report ? count(report) : 0), 0);
const passed = sum((report) => report.numPassedTests);
const failed =
  sum((report) => report.numFailedTests + report.numRuntimeErrorTestSuites) +
  results.filter(({ report }) => report === undefined).length;
process.stdout.write(
  `${passed} passed, ${failed} failed, ${sum((report) => report.numPendingTests)} skipped\n`,
);
const isGood = results.every(({ status, report }) => status === 0 && report?.numPassedTests > 0);
process.exit(isGood && failed === 0 ? 0 : 1);

async function oneAfterTheOther(runs, row) {
  const done = [];
  for (const [at, jestArguments] of runs.entries()) done.push(await run(jestArguments, `${row}-${at}`));
  return done;
}

/** One jest process. `report` is undefined where it ended without a result. */
function run(jestArguments, name) {
  const outputFile = join(folder, `${name}.json`);
  const jest = [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    'node_modules/jest/bin/jest.js',
  ];
  const child = spawn(
    process.execPath,
    [...jest, '--runInBand', '--forceExit', '--json', `--outputFile=${outputFile}`, ...jestArguments],
    { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, NODE_ENV: 'test' } },
  );
  return new Promise((resolve) => {
    child.on('close', (status) => {
      try {
        resolve({ status, report: JSON.parse(readFileSync(outputFile, 'utf8')) });
      } catch {
        process.stderr.write('The test runner wrote no result.\n');
        resolve({ status, report: undefined });
      }
    });
  });
}

function tellSlowest(files) {
  const timed = files
    .map(({ name, startTime, endTime }) => ({ name, seconds: Math.round((endTime - startTime) / 1000) }))
    .sort((a, b) => b.seconds - a.seconds)
    .slice(0, SLOWEST);
  for (const { name, seconds } of timed) process.stderr.write(`${String(seconds).padStart(5)} s  ${name}\n`);
}

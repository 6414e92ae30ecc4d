import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepare } from './prepare.mjs';

/** npm test [jest arguments]: everything that can be proved on one machine. Last line: N passed, N failed, N skipped. */
prepare();
const args = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'gpo-jest-'));
const outputFile = join(folder, 'result.json');
const jest = [
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  'node_modules/jest/bin/jest.js',
];
// Module and path tests share two cores and one Kafka, so files run one after the other.
const result = spawnSync(
  process.execPath,
  [...jest, '--runInBand', '--forceExit', '--json', `--outputFile=${outputFile}`, ...args],
  {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, NODE_ENV: 'test' },
  },
);
let report;
try {
  report = JSON.parse(readFileSync(outputFile, 'utf8'));
} catch {
  process.stdout.write('The test runner wrote no result.\n0 passed, 1 failed\n');
  process.exit(1);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const suites = report.numRuntimeErrorTestSuites;
const failed = report.numFailedTests + suites;
process.stdout.write(
  `${report.numPassedTests} passed, ${failed} failed, ${report.numPendingTests} skipped\n`,
);
process.exit(result.status === 0 && failed === 0 && report.numPassedTests > 0 ? 0 : 1);

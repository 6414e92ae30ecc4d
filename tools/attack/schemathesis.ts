import { spawn, spawnSync } from 'node:child_process';
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { PlainError } from '../stack/plain-error.js';
import type { Document } from './closed-document.js';

export const SCHEMATHESIS_VERSION = '4.32.5';

/** Where the attack tool is installed; git ignores it. */
export const VENV = resolve('.data', 'attack', 'venv');

/** Answers only: no 5xx, nothing that the description does not tell, and 405 for a method that a path does not have. */
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'unsupported_method',
];

export interface Attack {
  document: Document;
  url: string;
  headers: Readonly<Record<string, string>>;
  /** Most fuzzing cases per operation. */
  casesPerOperation: number;
  /** Also the cases that follow from the description alone: examples, limits of every field. */
  systematic: boolean;
  seed: number;
  /** Ends after so long, wherever it is. */
  maxSeconds: number;
  /** Where its own words go. */
  logFile: string;
  /** Only operations whose path fits. */
  paths?: string;
}

export interface AttackReport {
  cases: number;
  /** What was found, in one line each. */
  failures: string[];
}

/** The program, or undefined where it is not installed. */
export function installed(): string | undefined {
  const program = join(VENV, 'bin', 'schemathesis');
  return existsSync(program) ? program : undefined;
}

/** Installs schemathesis into a folder of its own. @throws PlainError that says what is missing. */
export function install(say: (line: string) => void): string {
  const found = installed();
  if (found !== undefined) return found;
  say(`Installing schemathesis ${SCHEMATHESIS_VERSION} into ${VENV}...`);
  mkdirSync(join('.data', 'attack'), { recursive: true });
  run(
    'python3',
    ['-m', 'venv', VENV],
    'Install Python 3.10 or newer with its venv module: schemathesis is a Python program.',
  );
  run(
    join(VENV, 'bin', 'pip'),
    ['install', '--quiet', '--disable-pip-version-check', `schemathesis==${SCHEMATHESIS_VERSION}`],
    'schemathesis could not be installed from the Python package index: check the network and the settings of pip.',
  );
  return installed()!;
}

function run(program: string, args: readonly string[], sentence: string): void {
  const { status } = spawnSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status === 0) return;
  rmSync(VENV, { recursive: true, force: true });
  throw new PlainError(sentence);
}

interface Report {
  complete: boolean;
  stop_reason: string;
  test_cases: { generated: number };
  failures: { title: string; count: number; operations: string[] }[];
  errors: unknown[];
}

/** Runs schemathesis once. @throws PlainError where it did not run to its end. */
export async function attack(program: string, options: Attack): Promise<AttackReport> {
  const dir = mkdtempSync(join(tmpdir(), 'gpo-attack-'));
  try {
    const file = join(dir, 'openapi.json');
    writeFileSync(file, JSON.stringify(options.document));
    await spawned(program, argumentsOf(file, join(dir, 'report'), options), dir, options.logFile);
    const [name] = existsSync(join(dir, 'report')) ? readdirSync(join(dir, 'report')) : [];
    if (name === undefined) throw new PlainError(`schemathesis wrote no report; see ${options.logFile}.`);
    const report = JSON.parse(readFileSync(join(dir, 'report', name), 'utf8')) as Report;
    if (!report.complete) throw new PlainError(`schemathesis ended early; see ${options.logFile}.`);
    return {
      cases: report.test_cases.generated,
      failures: [
        ...report.failures.map(
          ({ title, count, operations }) => `${title} (${count}): ${operations.join(', ')}`,
        ),
        // A phase that is cut short at the end of its time says so as an error of its own.
        ...(report.stop_reason === 'max_time' ? [] : report.errors).map(
          (error) => `error: ${JSON.stringify(error)}`,
        ),
      ],
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function argumentsOf(file: string, reportDir: string, options: Attack): string[] {
  const headers = Object.entries(options.headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  return [
    ...['run', file, '--url', options.url, '--checks', CHECKS.join(',')],
    ...['--phases', options.systematic ? 'examples,coverage,fuzzing' : 'fuzzing'],
    ...['--max-examples', String(options.casesPerOperation), '--seed', String(options.seed)],
    ...['--max-time', String(Math.max(1, Math.floor(options.maxSeconds)))],
    ...['--continue-on-failure', '--warnings', 'off', '--no-color', '--generation-database', 'none'],
    ...['--report', 'json', '--report-dir', reportDir, '--request-timeout', '20'],
    ...['--suppress-health-check', 'all', '--workers', '2'],
    ...(options.paths === undefined ? [] : ['--include-path-regex', options.paths]),
    ...headers,
  ];
}

/** @param cwd where it may leave its own notes. */
function spawned(program: string, args: readonly string[], cwd: string, logFile: string): Promise<void> {
  return new Promise((done, reject) => {
    const log = createWriteStream(logFile, { flags: 'a' });
    const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    child.once('error', reject);
    // It ends with 1 where it found something; the report tells what.
    child.once('close', () => log.end(done));
  });
}

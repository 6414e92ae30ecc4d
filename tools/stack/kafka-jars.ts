import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { PlainError } from './plain-error.js';

const run = promisify(execFile);
const SOURCE = join(process.cwd(), 'tools/stack/kafka');
const JAVA_MIN = 17;

/** Where downloads are kept between clones. */
export function cacheFolder(): string {
  return process.env.GPO_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'gpo');
}

/** @throws PlainError when there is no Java that Kafka runs on. */
export async function requireJava(): Promise<void> {
  let text: string;
  try {
    const { stdout, stderr } = await run('java', ['-version']);
    text = `${stdout}${stderr}`;
  } catch (cause) {
    throw new PlainError(
      'No Java was found: install a Java runtime 17 or newer, or set KAFKA_BROKERS to a Kafka you have.',
      { cause },
    );
  }
  const version = Number(/version "(\d+)/.exec(text)?.[1] ?? 0);
  if (version < JAVA_MIN) {
    throw new PlainError(
      `Java ${version} is too old: install a Java runtime ${JAVA_MIN} or newer, or set KAFKA_BROKERS to a Kafka you have.`,
    );
  }
}

/** The folder with exactly the jars of jars.sha256; fetched by Maven at the first start. */
export async function kafkaJars(): Promise<string> {
  const folder = join(cacheFolder(), 'kafka-3.9.1');
  if (!existsSync(folder)) await fetchJars(folder);
  verify(folder);
  return folder;
}

async function fetchJars(folder: string): Promise<void> {
  const incoming = `${folder}.${process.pid}`;
  mkdirSync(dirname(folder), { recursive: true });
  try {
    await run(
      'mvn',
      [
        '-q',
        '-B',
        '-f',
        join(SOURCE, 'pom.xml'),
        'dependency:copy-dependencies',
        '-DexcludeTransitive=true',
        `-DoutputDirectory=${incoming}`,
      ],
      { maxBuffer: 16_777_216 },
    );
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new PlainError(
      missing
        ? 'Maven (mvn) was not found: install it to fetch Apache Kafka, or set KAFKA_BROKERS to a Kafka you have.'
        : 'Maven could not fetch Apache Kafka: check the network and the Maven settings, or set KAFKA_BROKERS to a Kafka you have.',
      { cause },
    );
  }
  verify(incoming);
  try {
    renameSync(incoming, folder);
  } catch (error) {
    // Another start was faster; its folder is as good, because both were verified.
    if (!existsSync(folder)) throw error;
    rmSync(incoming, { recursive: true, force: true });
  }
}

function verify(folder: string): void {
  const expected = new Map(
    readFileSync(join(SOURCE, 'jars.sha256'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split('  ').reverse() as [string, string]),
  );
  const found = readdirSync(folder).filter((name) => name.endsWith('.jar'));
  const wrong = found.filter((name) => {
    const digest = createHash('sha256')
      .update(readFileSync(join(folder, name)))
      .digest('hex');
    return expected.get(name) !== digest;
  });
  const missing = [...expected.keys()].filter((name) => !found.includes(name));
  if (wrong.length === 0 && missing.length === 0) return;
  throw new PlainError(
    `The Kafka jars in ${folder} are not the expected ones (${[...wrong, ...missing].join(', ')}): delete that folder and start again.`,
  );
}

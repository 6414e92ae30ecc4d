import { execFile, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { cacheFolder } from '../stack/kafka-jars.js';

const run = promisify(execFile);
const SPRING = '5.2.23.RELEASE';
const JARS: Readonly<Record<string, string>> = {
  'spring-expression': '05abd599f77e04b7ab7a1db26ef3c0c2b41daaaa7c8cadf68ba807d315ad217a',
  'spring-core': '4524e8ea374f3a086690208363ddefc22394fbb37a6f2676f990e329b9fef6b8',
  'spring-jcl': 'e5ca4eb6264a09fc1890e844d4ab9d62fc64e5392e3d96d2a938722fc4261797',
};
const HARNESS = join(process.env.GPO_SHARED ?? join(process.cwd(), '../shared'), 'spel-oracle/SpelJson.java');
const JAVA_MAX = 18;
const MAVEN_MS = 120_000;

/** What the real Spring Expression Language made of one expression. */
export type SpringAnswer =
  { ok: true; value: string; type: string | null } | { ok: false; phase: string; error: string };

export interface Question {
  expr: string;
  input: unknown;
}

/** Why the real Spring cannot be asked here, or undefined if it can. */
export function springMissing(): string | undefined {
  if (!existsSync(HARNESS)) return 'the shared folder is not there';
  try {
    const version = execFileSync('javac', ['-version'], { encoding: 'utf8' });
    // Later Java writes some Doubles with other digits than the Java on which Nussknacker runs.
    if (Number(/javac (\d+)/.exec(version)?.[1]) > JAVA_MAX) return `a Java up to ${JAVA_MAX} is needed`;
    if (!existsSync(jarFolder())) execFileSync('mvn', ['-version'], { stdio: 'ignore' });
  } catch {
    return 'a Java development kit and Maven are needed';
  }
  return undefined;
}

function jarFolder(): string {
  return join(cacheFolder(), `spring-${SPRING}`);
}

/** Fetches the jars by Maven at the first use. @throws Error when they cannot be had or are not the expected ones. */
async function springJars(): Promise<string> {
  const folder = jarFolder();
  if (!existsSync(folder)) {
    const incoming = `${folder}.${process.pid}`;
    mkdirSync(incoming, { recursive: true });
    for (const jar of Object.keys(JARS)) {
      const artifact = `org.springframework:${jar}:${SPRING}`;
      const args = ['-q', '-B', 'dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${incoming}`];
      await run('mvn', args, { timeout: MAVEN_MS });
    }
    if (!existsSync(folder)) renameSync(incoming, folder);
  }
  for (const [jar, digest] of Object.entries(JARS)) {
    const bytes = readFileSync(join(folder, `${jar}-${SPRING}.jar`));
    if (createHash('sha256').update(bytes).digest('hex') !== digest)
      throw new Error(
        `${jar} in ${folder} is not the expected one (${readdirSync(folder).length} files): delete it`,
      );
  }
  return folder;
}

/** Asks the real Spring; answers come in the order of the questions. */
export async function askSpring(
  questions: Iterable<Question>,
  onAnswer: (answer: SpringAnswer) => void,
): Promise<void> {
  const classPath = `${await springJars()}/*`;
  const child = spawn('java', ['-Xmx256m', '-Dfile.encoding=UTF-8', '-cp', classPath, HARNESS, '--types'], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let complaint = '';
  child.stderr.on('data', (data: Buffer) => (complaint += data.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const written = (async () => {
    for (const { expr, input } of questions) {
      if (!child.stdin.write(`${JSON.stringify({ expr, input })}\n`))
        await new Promise((resolve) => child.stdin.once('drain', resolve));
    }
    child.stdin.end();
  })();
  for await (const line of linesOf(child.stdout)) onAnswer(readAnswer(line));
  await written;
  const code = await ended;
  if (code !== 0) throw new Error(`the Java process ended with ${code}: ${complaint.slice(0, 400)}`);
}

/** Lines end at a line feed only; readline would also end them at rarer signs that stand in texts. */
async function* linesOf(stream: Readable): AsyncGenerator<string> {
  stream.setEncoding('utf8');
  let rest = '';
  for await (const chunk of stream as AsyncIterable<string>) {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop()!;
    yield* lines;
  }
}

/** The value keeps the digits that Java wrote, which JSON.parse would lose. */
function readAnswer(line: string): SpringAnswer {
  const answer = JSON.parse(line) as { ok: boolean; type: string | null; phase: string; error: string };
  if (!answer.ok) return { ok: false, phase: answer.phase, error: answer.error };
  const from = line.indexOf(MARK, endOfText(line, '{"expr":'.length)) + MARK.length;
  return { ok: true, value: line.slice(from, line.lastIndexOf(',"type":')), type: answer.type };
}

const MARK = ',"ok":true,"value":';

/** The place behind the JSON text that begins here. */
function endOfText(line: string, open: number): number {
  let at = open + 1;
  while (line[at] !== '"') at += line[at] === '\\' ? 2 : 1;
  return at;
}

import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDataSource, runMigrations, type Sql } from '@gpo/persistence';
import { AppProcess } from '../stack/app-process.js';
import { freePortRange } from '../stack/free-port.js';
import { startKafka } from '../stack/kafka.js';
import { ensureDatabase, startPostgres } from '../stack/postgres.js';
import { residentMb, watchMemory } from './process-usage.js';
import { median } from './median.js';
import { FLOOR, QUESTIONS, type Question } from './status-questions.js';
import { storeBatches, type StoredBatches } from './status-rows.js';

const FIRST_LINES = 1_000_000;
/** Of tables and indexes; a little more than they take. */
const KIB_PER_LINE = 1.4;
const MEMORY_SHARE_MAX = 0.6;
const ROUNDS = 5;
const ASK_S = 10;
const FLOOR_S = 4;
/** Statements are planned and compiled after it, as they are in an installation that is asked all day. */
const WARM_S = 8;

/** Status, pages and searches over stored batches, at a fixed rate, and one batch as CSV: p99, memory. */
export async function benchStatus(batches: number, lines: number): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'gpo-bench-status-'));
  const port = await freePortRange(4);
  const pids = join(dir, 'pids');
  const [postgres, kafka] = await Promise.all([
    startPostgres({ dir: join(dir, 'postgres'), port: port + 1, pids, sharedBuffersMb: memoryFor(lines) }),
    startKafka({ dir: join(dir, 'kafka'), port: port + 2, controllerPort: port + 3, pids }),
  ]);
  const env = {
    NODE_ENV: 'development',
    GATEWAY_PORT: String(port),
    DATABASE_URL: await ensureDatabase(postgres.url, 'gpo'),
    KAFKA_BROKERS: kafka.brokers,
  };
  const gateway = new AppProcess({ name: 'gateway', entry: 'dist/apps/gateway/src/main.js', port, dir, env });
  try {
    const record = await createDataSource(env.DATABASE_URL, 2).initialize();
    await runMigrations(record);
    const stored = await storeBatches(
      env.DATABASE_URL,
      batches,
      lines,
      Math.min(FIRST_LINES, Math.floor(lines / 10)),
    );
    process.stdout.write(`${stored.disbursements} disbursements in ${batches} batches\n`);
    await readIntoMemory(record);
    await record.destroy();
    gateway.start();
    await gateway.untilReady();
    for (const question of QUESTIONS) await measure(question, stored, port);
    await exportCsv(stored, port, gateway.pid!);
  } finally {
    await gateway.stop();
    await Promise.all([postgres.stop(), kafka.stop()]);
    rmSync(postgres.data, { recursive: true, force: true });
    rmSync(dir, { recursive: true, force: true });
  }
}

/**
 * An installation gives its database the memory that the books need (docs/operations.md): here shared_buffers, because the file cache of a
 * virtual machine may be taken away meanwhile. @returns MiB
 */
function memoryFor(lines: number): number {
  const [needed, most] = [256 + lines * KIB_PER_LINE * 2 ** -10, totalmem() * MEMORY_SHARE_MAX * 2 ** -20];
  return Math.round(Math.min(needed, most));
}

async function readIntoMemory(sql: Sql): Promise<void> {
  await sql.query('CREATE EXTENSION IF NOT EXISTS pg_prewarm');
  const [read] = await sql.query<{ mb: number }[]>(
    `SELECT (sum(pg_prewarm(oid)) * 8 / 1024)::int AS mb FROM pg_class
      WHERE relkind IN ('r', 'i') AND relnamespace = 'public'::regnamespace`,
  );
  process.stdout.write(`${read!.mb} MiB of tables and indexes are in memory\n`);
}

/**
 * Asks at a fixed rate in several rounds; a late answer does not hold back the next question, and its lateness counts. Before each round
 * the floor is measured, because the machine has better and worse moments. What is told is the median of the rounds.
 */
async function measure(question: Question, stored: StoredBatches, port: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });
  const { perSecond } = question;
  const took = async (asked: Question, seconds: number): Promise<(share: number) => number> => {
    const all = (await round(asked, stored, port, agent, perSecond * seconds)).sort((a, b) => a - b);
    return (share) => all[Math.floor((all.length - 1) * share)]!;
  };
  await took(question, WARM_S);
  const [floors, halves, p99s]: [number[], number[], number[]] = [[], [], []];
  for (let nth = 0; nth < ROUNDS; nth += 1) {
    floors.push((await took({ ...FLOOR, perSecond }, FLOOR_S))(0.99));
    const at = await took(question, ASK_S);
    halves.push(at(0.5));
    p99s.push(at(0.99));
  }
  agent.destroy();
  const p99 = median(p99s);
  process.stdout.write(
    `status: ${question.what}, ${perSecond}/s: p50 ${median(halves).toFixed(1)} ms, p99 ${p99.toFixed(1)} ms ` +
      `(${p99s.map((ms) => ms.toFixed(1)).join(', ')}), ${p99 <= question.boundMs ? 'ok' : `over ${question.boundMs}`}; ` +
      `floor p99 ${median(floors).toFixed(1)} ms, ratio ${(p99 / median(floors)).toFixed(1)}\n`,
  );
}

async function round(
  question: Question,
  stored: StoredBatches,
  port: number,
  agent: Agent,
  count: number,
): Promise<number[]> {
  const started = performance.now();
  const answers: Promise<number>[] = [];
  for (let index = 0; index < count; index += 1) {
    const due = started + (index * 1000) / question.perSecond;
    const early = due - performance.now();
    if (early > 1) await sleep(early);
    const answer = ask(question, stored, port, agent).then(() => performance.now() - Math.max(due, started));
    // Whoever waits for all of them hears of it.
    answer.catch(() => undefined);
    answers.push(answer);
  }
  return Promise.all(answers);
}

function ask(question: Question, stored: StoredBatches, port: number, agent: Agent): Promise<void> {
  const body = question.body === undefined ? undefined : JSON.stringify(question.body(stored));
  const headers =
    body === undefined
      ? { Authorization: 'Bearer auditor-dev-key' }
      : { Authorization: `Basic ${btoa('openg2p:openg2p')}`, 'Content-Type': 'application/json' };
  const method = body === undefined ? 'GET' : 'POST';
  return new Promise((resolve, reject) => {
    const asked = request({ port, path: question.path(stored), method, headers, agent }, (answer) => {
      let text = '';
      answer.on('data', (bytes: Buffer) => (text += bytes.toString()));
      answer.on('end', () => {
        if (answer.statusCode === 200) resolve();
        else reject(new Error(`${question.what}: HTTP ${answer.statusCode} ${text}`));
      });
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

/** The largest batch as CSV, into nothing. */
async function exportCsv({ batches: [batch] }: StoredBatches, port: number, pid: number): Promise<void> {
  const before = residentMb(pid);
  const memory = watchMemory(pid);
  const started = performance.now();
  const headers = { Authorization: 'Bearer auditor-dev-key' };
  const answer = await fetch(
    `http://127.0.0.1:${port}/api/v1/batches/${batch!.id}/disbursements?format=csv`,
    { headers },
  );
  let [bytes, lines] = [0, -1];
  for await (const chunk of answer.body! as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    for (const byte of chunk) if (byte === 10) lines += 1;
  }
  const peak = memory.stop();
  const seconds = (performance.now() - started) / 1000;
  process.stdout.write(
    `status: CSV of ${lines} lines (${batch!.lines} stored), ${Math.round(bytes / 1e6)} MB in ${seconds.toFixed(1)} s; gateway ${Math.round(before)} MiB before, at most ${peak} MiB\n`,
  );
}

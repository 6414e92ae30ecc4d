import { fork, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { DataSource } from 'typeorm';
import { OutboundHttp } from '@gpo/outbound-http';
import { createDataSource, runMigrations, ReadPool } from '@gpo/persistence';
import { AnswerBuilder } from '../../apps/gateway/src/callback/answer.builder.js';
import { CallbackSender } from '../../apps/gateway/src/callback/callback.sender.js';
import { readGatewayConfig } from '../../apps/gateway/src/gateway.config.js';
import { CrashPoints } from '../../apps/gateway/src/health/crash-points.js';
import { GatewayMetrics } from '../../apps/gateway/src/health/gateway.metrics.js';
import { SenderRegistry } from '../../apps/gateway/src/senders/sender-registry.js';
import { SearchService } from '../../apps/gateway/src/status/search.service.js';
import { TxnStatusService } from '../../apps/gateway/src/status/txn-status.service.js';
import { freePort } from '../stack/free-port.js';
import { startPostgres } from '../stack/postgres.js';
import { median } from './median.js';

const RECEIVERS = 16;
const BARE_CONNECTIONS = 32;
/** About what an on-disburse of ten lines has. */
const BODY_PADDING = 'x'.repeat(4000);

/**
 * Callbacks a second through the real sender step and PostgreSQL, beside a bare HTTP client that posts the same bodies
 * to the same sink in the same run. Void unless the sink heard every callback exactly once and every row is delivered.
 */
export async function benchCallback(items: number, rounds: number): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'gpo-bench-callback-'));
  const pids = join(dir, 'pids');
  mkdirSync(pids);
  const postgres = await startPostgres({ dir: join(dir, 'postgres'), port: await freePort(), pids });
  const sink = fork(fileURLToPath(new URL('./callback-sink.js', import.meta.url)));
  const dataSource = await createDataSource(postgres.url, 12).initialize();
  try {
    await runMigrations(dataSource);
    const { port } = await said<{ port: number }>(sink);
    const [ours, bare]: [number[], number[]] = [[], []];
    for (let round = 0; round <= rounds; round += 1) {
      const floor = await bareRound(port, items, sink);
      const product = await productRound(dataSource, port, items, sink, postgres.url);
      if (round === 0) continue; // Warm-up.
      bare.push(floor);
      ours.push(product);
      process.stdout.write(
        `round ${round}: callbacks ${Math.round(product)}/s, bare client ${Math.round(floor)}/s\n`,
      );
    }
    const [product, floor] = [median(ours), median(bare)];
    process.stdout.write(
      `callback: ${Math.round(product)}/s, bare client ${Math.round(floor)}/s, ratio ${(product / floor).toFixed(3)}\n`,
    );
  } finally {
    sink.disconnect();
    await dataSource.destroy();
    await postgres.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

function bodyOf(id: string): string {
  return JSON.stringify({
    header: { message_id: id, message_ts: '2026-01-01T00:00:00Z' },
    message: { padding: BODY_PADDING },
  });
}

/** @returns posts a second of node:http with kept connections, and nothing else. */
async function bareRound(port: number, items: number, sink: ChildProcess): Promise<number> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: BARE_CONNECTIONS });
  const started = performance.now();
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items) await barePost(agent, port, bodyOf(`bare-${(next += 1)}`));
  };
  await Promise.all(Array.from({ length: BARE_CONNECTIONS }, worker));
  const seconds = (performance.now() - started) / 1000;
  agent.destroy();
  await checkSink(sink, items);
  return items / seconds;
}

function barePost(agent: http.Agent, port: number, body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
    const request = http.request({ agent, port, host: '127.0.0.1', method: 'POST', headers }, (response) => {
      response.resume();
      response.on('end', resolve);
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** @returns callbacks a second, from the start of the sender to the last row marked as delivered. */
async function productRound(
  dataSource: DataSource,
  port: number,
  items: number,
  sink: ChildProcess,
  databaseUrl: string,
): Promise<number> {
  await seed(dataSource, port, items);
  const { sender, outbound, reader } = senderOf(dataSource, databaseUrl);
  const started = performance.now();
  sender.onApplicationBootstrap();
  for (;;) {
    const [row] = await dataSource.query<{ open: boolean }[]>(
      'SELECT EXISTS (SELECT FROM callback WHERE next_at IS NOT NULL) AS open',
    );
    if (row?.open === false) break;
    await sleep(10);
  }
  const seconds = (performance.now() - started) / 1000;
  await sender.onApplicationShutdown();
  outbound.close();
  await reader.close();
  const [left] = await dataSource.query<{ open: number }[]>(
    'SELECT count(*)::int AS open FROM callback WHERE delivered_at IS NULL OR tries <> 1',
  );
  if (left?.open !== 0) throw new Error(`void: ${left?.open ?? 'all'} callbacks were not delivered at once`);
  await checkSink(sink, items);
  return items / seconds;
}

/** Callbacks that are all due, to receivers with a queue each. */
async function seed(dataSource: DataSource, port: number, items: number): Promise<void> {
  await dataSource.query('TRUNCATE callback, callback_try');
  await dataSource.query(
    `INSERT INTO callback (callback_id, sender_id, verb, receiver, url, question_id, version, body, items, next_at)
     SELECT id, 'r' || n % $2, 'on-search', 'r' || n % $2 || ' 127.0.0.1', $3, id, 1,
            replace($4, '@ID@', id::text), 0, now()
       FROM (SELECT n, gen_random_uuid() AS id FROM generate_series(1, $1::int) AS n) g`,
    [items, RECEIVERS, `http://127.0.0.1:${port}/on-search`, bodyOf('@ID@')],
  );
  await dataSource.query('VACUUM ANALYZE callback');
}

/** The sender step as the gateway puts it together. */
function senderOf(
  dataSource: DataSource,
  databaseUrl: string,
): { sender: CallbackSender; outbound: OutboundHttp; reader: ReadPool } {
  const config = readGatewayConfig({ NODE_ENV: 'test', DATABASE_URL: databaseUrl, KAFKA_BROKERS: 'none' });
  const outbound = new OutboundHttp({
    timeoutMs: config.callbackTimeoutMs,
    maxResponseBytes: 65_536,
    maxSockets: Number.POSITIVE_INFINITY,
    allowPrivateAddresses: true,
  });
  const reader = new ReadPool(databaseUrl, config.statusPool);
  const search = new SearchService(reader, config);
  const status = new TxnStatusService(reader, config, search);
  const answers = new AnswerBuilder(dataSource, SenderRegistry.fromFile(config.sendersFile), search, status);
  const crashPoints = new CrashPoints(config);
  const sender = new CallbackSender(dataSource, outbound, config, new GatewayMetrics(), crashPoints, answers);
  return { sender, outbound, reader };
}

async function checkSink(sink: ChildProcess, items: number): Promise<void> {
  sink.send('count');
  const { calls, different } = await said<{ calls: number; different: number }>(sink);
  if (calls !== items || different !== items)
    throw new Error(
      `void: ${items} callbacks were sent, the sink heard ${calls}, ${different} different ones`,
    );
}

function said<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    child.once('message', (message) => resolve(message as T));
    child.once('exit', (code) => reject(new Error(`the sink ended with ${String(code)}`)));
  });
}

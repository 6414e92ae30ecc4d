import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { createDataSource, runMigrations } from '@gpo/persistence';
import { importStatements, readPositions } from '@gpo/reconciliation';
import { readStatements, type CsvMapping } from '@gpo/statements';
import { AppProcess } from '../stack/app-process.js';
import { freePortRange } from '../stack/free-port.js';
import { startKafka } from '../stack/kafka.js';
import { ensureDatabase, startPostgres } from '../stack/postgres.js';
import { signingKey } from '../stack/signing-key.js';
import { residentMb, watchMemory } from './process-usage.js';
import { storeBatches } from './status-rows.js';

const LANE = 'core-banking';
const MAPPING: CsvMapping = {
  ...{ account: '600100', currency: 'KES', amount: 'amount', direction: 'sign', bookedOn: 'day' },
  ...{ reference: 'reference', endToEndId: 'ours' },
};

/** Import of a statement, breaks, positions, close-out and pack of one large batch: seconds and memory. */
export async function benchBooks(lines: number): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'gpo-bench-books-'));
  const port = await freePortRange(4);
  const pids = join(dir, 'pids');
  const [postgres, kafka] = await Promise.all([
    startPostgres({ dir: join(dir, 'postgres'), port: port + 1, pids }),
    startKafka({ dir: join(dir, 'kafka'), port: port + 2, controllerPort: port + 3, pids }),
  ]);
  const env = {
    ...{ NODE_ENV: 'development', GATEWAY_PORT: String(port), SIGNING_KEY_FILE: signingKey(dir) },
    ...{ DATABASE_URL: await ensureDatabase(postgres.url, 'gpo'), KAFKA_BROKERS: kafka.brokers },
  };
  const gateway = new AppProcess({ name: 'gateway', entry: 'dist/apps/gateway/src/main.js', port, dir, env });
  try {
    const record = await createDataSource(env.DATABASE_URL, 4).initialize();
    await runMigrations(record);
    const { batches } = await storeBatches(env.DATABASE_URL, 2, lines + 100, lines);
    await finish(record);
    await reconcile(record);
    await record.destroy();
    gateway.start();
    await gateway.untilReady();
    await closeAndPack(batches[0]!.id, port, gateway.pid!);
  } finally {
    await gateway.stop();
    await Promise.all([postgres.stop(), kafka.stop()]);
    rmSync(postgres.data, { recursive: true, force: true });
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Every line has its end, on one lane, on one day. */
async function finish(record: DataSource): Promise<void> {
  const statements = [
    `UPDATE attempt SET lane = '${LANE}', first_send_at = '2026-03-02T08:00:00Z', resolved_at = '2026-03-02T09:00:00Z'`,
    // Those that were paid at the second attempt were refused at the first.
    `UPDATE attempt a SET state = 'rejected' FROM disbursement d WHERE d.disbursement_id = a.disbursement_id AND a.attempt_no < d.attempt_no`,
    `UPDATE attempt SET rail_id = gen_random_uuid() WHERE state = 'rejected'`,
    `UPDATE disbursement SET state = 'failed' WHERE state = 'received'`,
    `DELETE FROM batch_counter`,
    `INSERT INTO batch_counter SELECT batch_id, 0, state, currency_code, count(*), sum(amount_minor) FROM disbursement GROUP BY 1, 3, 4`,
    `UPDATE batch SET completed_at = now()`,
    'VACUUM ANALYZE attempt',
    'VACUUM ANALYZE disbursement',
  ];
  for (const statement of statements) await record.query(statement);
}

async function reconcile(record: DataSource): Promise<void> {
  const rows = await record.query<{ text: string }[]>(
    `SELECT string_agg(concat_ws(',', '2026-03-02', 'B' || a.rail_id, a.rail_id, u.sign || d.amount), E'\\n') AS text
       FROM attempt a JOIN disbursement d USING (disbursement_id)
       JOIN LATERAL unnest(CASE a.state WHEN 'returned' THEN ARRAY['-', ''] ELSE ARRAY['-'] END) AS u (sign) ON true
      WHERE a.state IN ('settled', 'returned')`,
  );
  const bytes = Buffer.from(`day,reference,ours,amount\n${rows[0]!.text}\n`);
  const memory = watchMemory(process.pid);
  const importAll = async (): Promise<string> => {
    const file = await readStatements(bytes, MAPPING);
    const source = { lane: LANE, fileName: 'bench.csv', bytes, actor: 'bench' };
    return JSON.stringify(await importStatements(record, file, source));
  };
  await timed(`statement of ${(bytes.length / 1e6).toFixed(0)} MB`, importAll);
  process.stdout.write(`books: at most ${memory.stop()} MiB, of them the file\n`);
  await timed('the same statement again', importAll);
  await timed('positions of a week', async () => {
    const positions = await readPositions(record, { lane: LANE, from: '2026-03-01', to: '2026-03-07' });
    return positions.map(({ paid, returned }) => `${paid} ${returned}`).join('; ');
  });
}

async function closeAndPack(batchId: string, port: number, pid: number): Promise<void> {
  const call = async <T>(path: string, body?: object): Promise<T> => {
    const headers = { Authorization: 'Bearer operator-dev-key', 'Content-Type': 'application/json' };
    const init = body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) };
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`, init);
    if (!answer.ok) throw new Error(await answer.text());
    return (await answer.json()) as T;
  };
  const [before, memory] = [residentMb(pid), watchMemory(pid)];
  await timed('close-out', async () => {
    const { event } = await call<{ event: string }>(`operator/batches/${batchId}/close`, { reason: 'bench' });
    return event;
  });
  await timed('pack', async () => {
    const { pack_id: id } = await call<{ pack_id: string }>('packs', { batch_id: batchId });
    for (;;) {
      const { state, bytes } = await call<{ state: string; bytes: number }>(`packs/${id}`);
      if (state === 'ready' || state === 'failed') return `${state}, ${(bytes / 1e6).toFixed(0)} MB`;
      await sleep(500);
    }
  });
  process.stdout.write(`books: the gateway had ${before} MiB and at most ${memory.stop()} MiB\n`);
}

async function timed(what: string, work: () => Promise<string>): Promise<void> {
  const started = performance.now();
  const result = await work();
  process.stdout.write(
    `books: ${what}: ${((performance.now() - started) / 1000).toFixed(1)} s (${result})\n`,
  );
}

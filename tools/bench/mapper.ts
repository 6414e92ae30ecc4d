import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { IdBook } from '../../apps/rail-simulator/src/mapper/id-book.js';
import { ApiClient, journalSummary } from '../sample/api-client.js';
import { freePortRange } from '../stack/free-port.js';
import { PORT_COUNT, Stack } from '../stack/stack.js';

const [KNOWN_PERCENT, FAIL_PERCENT, SEED] = [98, 5, 1];
const LINES_PER_BATCH = 50_000;

/**
 * Lines with beneficiary ids through the whole product, with a mapper that fails 5 % of calls and knows 98 % of ids.
 * Void unless every known person is paid once, at the right number, and every other line is refused.
 */
export async function benchMapper(items: number): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'gpo-bench-mapper-'));
  const env = {
    SIMULATOR_DELAY_MS: '0',
    SIMULATOR_SYNCHRONOUS: 'true',
    SIMULATOR_MAPPER_KNOWN_PERCENT: String(KNOWN_PERCENT),
    SIMULATOR_MAPPER_FAIL_PERCENT: String(FAIL_PERCENT),
    SIMULATOR_SEED: String(SEED),
    NODE_ENV: 'development',
  };
  const lanes = (text: string): string => text.replaceAll('"perSecond": 2000', '"perSecond": 1000000');
  const stack = new Stack({ dir, port: await freePortRange(PORT_COUNT), env, say: () => undefined, lanes });
  try {
    await stack.start();
    const started = performance.now();
    const client = new ApiClient(`http://127.0.0.1:${stack.port('gateway')}`);
    const people = Array.from({ length: items }, () => `token:${randomUUID()}@nationalId`);
    const batches: string[] = [];
    for (let from = 0; from < items; from += LINES_PER_BATCH) {
      const id = randomUUID();
      batches.push(id);
      await client.disburse(batchOf(id, people.slice(from, from + LINES_PER_BATCH)));
    }
    const acknowledged = performance.now();
    const record = new pg.Client({ connectionString: stack.databaseUrl });
    await record.connect();
    while (await isAny(record, 'SELECT FROM disbursement WHERE unresolved LIMIT 1')) await sleep(100);
    const resolved = performance.now();
    for (const id of batches) while ((await client.batch(id)).completed_at === null) await sleep(200);
    const seconds = (from: number): number => Number(((performance.now() - from) / 1000).toFixed(1));
    const figures = {
      items,
      acknowledged_s: Number(((acknowledged - started) / 1000).toFixed(1)),
      resolved_s: Number(((resolved - started) / 1000).toFixed(1)),
      ended_s: seconds(started),
      ...(await check(record, `http://127.0.0.1:${stack.port('simulator')}`, people)),
    };
    await record.end();
    process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
  } finally {
    await stack.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function isAny(record: pg.Client, sql: string): Promise<boolean> {
  return (await record.query(sql)).rowCount !== 0;
}

/** What was paid, against what the mapper's book says must be paid. */
async function check(record: pg.Client, simulator: string, people: readonly string[]) {
  const book = new IdBook({ seed: SEED, knownPercent: KNOWN_PERCENT, failPercent: 0 });
  const { rows } = await record.query<{ payee_fa: string; payee_id: string; state: string; reason: string }>(
    'SELECT payee_fa, payee_id, state, reason FROM disbursement',
  );
  const count = { paid: 0, refused: 0, wrong_address: 0, wrong_end: 0 };
  for (const { payee_fa, payee_id, state, reason } of rows) {
    const number = book.numberOf(payee_fa);
    if (number === undefined && state === 'malformed' && reason === 'rjct.payee_fa.invalid')
      count.refused += 1;
    else if (number !== undefined && state === 'succeeded') count.paid += 1;
    else count.wrong_end += 1;
    if (state === 'succeeded' && payee_id !== number) count.wrong_address += 1;
  }
  const journal = await journalSummary(simulator);
  const isVoid =
    rows.length !== people.length ||
    count.wrong_end + count.wrong_address + journal.double_payments > 0 ||
    journal.payments !== count.paid;
  if (isVoid) throw new Error(`void: ${JSON.stringify({ ...count, lines: rows.length, journal })}`);
  return { ...count, double_payments: journal.double_payments };
}

function batchOf(transactionId: string, people: readonly string[]): unknown {
  const disbursements = people.map((payee_fa, index) => ({
    ...{ reference_id: `${transactionId}-${index}`, payee_fa },
    ...{ amount: '100.50', currency_code: 'KES', purpose: 'Cash for Schools' },
  }));
  return { header: { message_id: transactionId }, message: { transaction_id: transactionId, disbursements } };
}

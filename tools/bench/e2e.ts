import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiClient, journalSummary } from '../sample/api-client.js';
import { withBuiltConnectors } from '../stack/development-file.js';
import { freePortRange } from '../stack/free-port.js';
import { residentMb } from '../stack/memory.js';
import { PORT_COUNT, Stack } from '../stack/stack.js';
import { runFloor } from './floor.js';
import { cpuMicros } from './process-usage.js';
import { median } from './median.js';

const LINES_PER_BATCH = 1000;
const WARM_UP_MAX = 5000;

interface Round {
  settledPerSecond: number;
  cpuMicrosPerItem: Record<string, number>;
}

/** Settled disbursements per second over a rail without delay, beside the floor in the same run. Void if anything is paid twice or lost. */
export async function benchE2e(items: number, rounds: number): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'gpo-bench-'));
  const env = {
    SIMULATOR_DELAY_MS: '0',
    SIMULATOR_SYNCHRONOUS: 'true',
    NODE_ENV: 'development',
    CALLBACK_CHUNK_MS: '3000',
  };
  const stack = new Stack({
    dir,
    port: await freePortRange(PORT_COUNT),
    env,
    say: () => undefined,
    lanes: unpaced,
  });
  try {
    await stack.start();
    await product(stack, Math.min(items, WARM_UP_MAX));
    const [products, floors]: [Round[], { settledPerSecond: number; cpuMicrosPerItem: number }[]] = [[], []];
    for (let round = 1; round <= rounds; round += 1) {
      floors.push(await runFloor(stack.brokers, stack.databaseUrl, items));
      products.push(await product(stack, items));
      process.stdout.write(
        `round ${round}: product ${fixed(products.at(-1)!.settledPerSecond)}/s, floor ${fixed(floors.at(-1)!.settledPerSecond)}/s\n`,
      );
    }
    const journal = await journalSummary(`http://127.0.0.1:${stack.port('simulator')}`);
    const posted = Math.min(items, WARM_UP_MAX) + rounds * items;
    if (journal.double_payments > 0 || journal.payments !== posted) {
      throw new Error(
        `void: ${posted} disbursements were posted, the rail paid ${journal.payments}, ${journal.double_payments} of them twice`,
      );
    }
    await report(stack, products, floors, items);
  } finally {
    await stack.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Lanes without a pace limit: the pace of a real rail is not what is measured. */
function unpaced(text: string): string {
  // A rail of files answers when the bank's folder is looked at: its delay is not ours to measure here.
  return withBuiltConnectors(text, (connector) => connector !== 'iso20022')
    .replaceAll('"perSecond": 2000', '"perSecond": 1000000')
    .replaceAll('"concurrency": 64', '"concurrency": 256');
}

async function product(stack: Stack, items: number): Promise<Round> {
  const client = new ApiClient(`http://127.0.0.1:${stack.port('gateway')}`);
  const pids = Object.fromEntries([
    ...stack.apps.map((app) => [app.options.name, app.pid!] as const),
    ['kafka', stack.kafka?.pid ?? 0] as const,
    ['postgres', stack.postgres?.pid ?? 0] as const,
  ]);
  const before = Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, cpuMicros(pid)]));
  const started = performance.now();
  const ids: string[] = [];
  for (let from = 0; from < items; from += LINES_PER_BATCH) {
    const id = randomUUID();
    ids.push(id);
    await client.disburse(batchOf(id, Math.min(LINES_PER_BATCH, items - from)));
  }
  for (const id of ids) {
    let batch = await client.batch(id);
    for (; batch.completed_at === null; batch = await client.batch(id)) await sleep(100);
    if (batch.states.succeeded!.count !== batch.total_count)
      throw new Error(`void: batch ${id} was not paid whole`);
  }
  const seconds = (performance.now() - started) / 1000;
  const cpuMicrosPerItem = Object.fromEntries(
    Object.entries(pids).map(([name, pid]) => [name, (cpuMicros(pid) - before[name]!) / items]),
  );
  return { settledPerSecond: items / seconds, cpuMicrosPerItem };
}

function batchOf(transactionId: string, lines: number): unknown {
  const disbursements = Array.from({ length: lines }, (_, index) => ({
    reference_id: `${transactionId}-${index}`,
    payee_fa: `account_no:${1_000_000 + index}@BANKRWRW`,
    payee_name: 'Bench Payee',
    amount: '100.50',
    currency_code: 'KES',
    note: 'Cash transfer',
    purpose: 'Cash for Schools',
  }));
  return { header: { message_id: transactionId }, message: { transaction_id: transactionId, disbursements } };
}

async function report(
  stack: Stack,
  products: readonly Round[],
  floors: readonly { settledPerSecond: number; cpuMicrosPerItem: number }[],
  items: number,
): Promise<void> {
  const settled = median(products.map((round) => round.settledPerSecond));
  const floor = median(floors.map((round) => round.settledPerSecond));
  const names = Object.keys(products[0]!.cpuMicrosPerItem);
  const cpu = Object.fromEntries(
    names.map((name) => [name, median(products.map((round) => round.cpuMicrosPerItem[name]!))]),
  );
  const ours = (cpu.gateway ?? 0) + (cpu.router ?? 0) + (cpu.connectors ?? 0);
  const memory = residentMb({
    ...Object.fromEntries(stack.apps.map((app) => [app.options.name, app.pid])),
    kafka: stack.kafka?.pid,
    postgres: stack.postgres?.pid,
  });
  const result = {
    items,
    rounds: products.length,
    settled_per_second: Math.round(settled),
    floor_per_second: Math.round(floor),
    ratio: Number((settled / floor).toFixed(3)),
    cpu_us_per_disbursement: Object.fromEntries(
      Object.entries(cpu).map(([name, us]) => [name, Math.round(us)]),
    ),
    cpu_us_ours: Math.round(ours),
    cpu_us_floor: Math.round(median(floors.map((round) => round.cpuMicrosPerItem))),
    longest_stall_ms: await stalls(stack),
    rss_mb: memory,
  };
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  process.stdout.write(
    `e2e: ${result.settled_per_second}/s settled, floor ${result.floor_per_second}/s, ratio ${result.ratio}\n`,
  );
}

/** The longest event-loop delay each process saw, from its own metrics. */
async function stalls(stack: Stack): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const part of ['gateway', 'connectors'] as const) {
    const text = await (await fetch(`http://127.0.0.1:${stack.port(part)}/metrics`)).text();
    const seconds = Number(/^nodejs_eventloop_lag_max_seconds ([\d.e+-]+)$/m.exec(text)?.[1] ?? 0);
    found[part] = Math.round(seconds * 1000);
  }
  return found;
}

function fixed(value: number): string {
  return String(Math.round(value));
}

import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { ApiClient } from '../sample/api-client.js';
import { CallbackReceiver } from '../sample/callback-receiver.js';
import { freePortRange } from '../stack/free-port.js';
import { PORT_COUNT, Stack } from '../stack/stack.js';

const LINES_PER_BATCH = 25_000;
/** Payees in a thousand: pays and says nothing; tells twice; is late; is sent back. */
const SHARES = 'pays-then-silent:50,early-double-callback:50,slow:50,returned-later:20';
const SIMULATOR = {
  SIMULATOR_FAULT_SHARES: SHARES,
  SIMULATOR_SLOW_MS: '20000',
  SIMULATOR_RETURN_AFTER_MS: '10000',
  // A callback that is given up is found by the next check of returns, which is half an hour later.
  SIMULATOR_CALLBACK_RETRY_MS: '0,1000,5000,20000,60000',
};
const [STOPPED_LANE, STOPPED_MS] = ['core-banking', 30_000];
const OPEN = ['received', 'on_hold', 'retrying', 'review'];

interface Books {
  payments: number;
  reversed: number;
  double_payments: number;
  amount_minor: Record<string, string>;
  reversed_minor: Record<string, string>;
}

/**
 * Lines over three families of rails that make trouble, with one lane held half-way: everybody ends, nobody is paid
 * twice, and the rails' books agree with ours. Void where that does not hold, or where a planted double is not seen.
 */
export async function benchRails(items: number): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'gpo-bench-rails-'));
  const env = { ...SIMULATOR, NODE_ENV: 'development' };
  const stack = new Stack({ dir, port: await freePortRange(PORT_COUNT), env, say: () => undefined });
  const receiver = new CallbackReceiver(stack.port('receiver'));
  try {
    await stack.start();
    await receiver.listen();
    const simulator = `http://127.0.0.1:${stack.port('simulator')}`;
    await plantDouble(`${simulator}/gsma/planted`);
    const before = await books(simulator);
    if (before.double_payments !== 1) throw new Error('void: the planted double was not seen');
    const record = new pg.Client({ connectionString: stack.databaseUrl });
    await record.connect();
    const run = new RailsRun(stack, record, simulator);
    const figures = await run.pay(items);
    const ended = await check(record, before, await books(simulator), items);
    const told = run.batches.reduce((sum, id) => sum + receiver.linesOf(id).size, 0);
    if (told !== items) throw new Error(`void: ${told} of ${items} lines were told`);
    await record.end();
    process.stdout.write(`${JSON.stringify({ items, ...figures, ...ended, told }, null, 2)}\n`);
  } finally {
    await stack.stop();
    await receiver.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

class RailsRun {
  readonly batches: string[] = [];

  constructor(
    private readonly stack: Stack,
    private readonly record: pg.Client,
    private readonly simulator: string,
  ) {}

  async pay(items: number): Promise<Record<string, number>> {
    const client = new ApiClient(`http://127.0.0.1:${this.stack.port('gateway')}`);
    const started = performance.now();
    const seconds = (): number => Math.round((performance.now() - started) / 1000);
    for (let from = 0; from < items; from += LINES_PER_BATCH) {
      const id = randomUUID();
      this.batches.push(id);
      await client.disburse(batchOf(id, from, Math.min(items, from + LINES_PER_BATCH)));
    }
    const acknowledged_s = seconds();
    await this.until(async () => (await this.ended()) >= items / 2);
    const half_s = seconds();
    await this.lane('hold');
    const before = await this.perLane();
    await sleep(STOPPED_MS);
    const after = await this.perLane();
    await this.lane('resume');
    await this.until(async () => (await this.ended()) >= items);
    const ended_s = seconds();
    // Money comes back, and the last callbacks go out, after the last line has ended.
    await this.until(async () => (await this.returnsToCome()) === 0);
    for (const id of this.batches) await this.until(async () => isTold(await client.batch(id)));
    const moved = (lane: string): number => (after.get(lane) ?? 0) - (before.get(lane) ?? 0);
    const others = [...after.keys()].filter((lane) => lane !== STOPPED_LANE);
    return {
      acknowledged_s,
      half_s,
      ended_s,
      told_s: seconds(),
      settled_on_held_lane: moved(STOPPED_LANE),
      settled_meanwhile_on_others: others.reduce((sum, lane) => sum + moved(lane), 0),
    };
  }

  private async until(done: () => Promise<boolean>): Promise<void> {
    while (!(await done())) await sleep(1000);
  }

  private async ended(): Promise<number> {
    const sql = 'SELECT coalesce(sum(lines), 0)::int AS n FROM batch_counter WHERE NOT state = ANY($1)';
    return (await this.record.query<{ n: number }>(sql, [OPEN])).rows[0]!.n;
  }

  /** Returned at the rails, and not yet with us. */
  private async returnsToCome(): Promise<number> {
    const sql = `SELECT coalesce(sum(lines), 0)::int AS n FROM batch_counter WHERE state = 'returned'`;
    const { n } = (await this.record.query<{ n: number }>(sql)).rows[0]!;
    await sleep(Number(SIMULATOR.SIMULATOR_RETURN_AFTER_MS) + 5000);
    return (await books(this.simulator)).reversed - n;
  }

  /** Attempts that were settled, per lane. */
  private async perLane(): Promise<Map<string, number>> {
    const sql = `SELECT lane, count(*)::int AS n FROM attempt WHERE state IN ('settled', 'returned') GROUP BY lane`;
    const { rows } = await this.record.query<{ lane: string; n: number }>(sql);
    return new Map(rows.map(({ lane, n }) => [lane, n]));
  }

  private async lane(word: 'hold' | 'resume'): Promise<void> {
    const env = { ...process.env, GATEWAY_URL: `http://127.0.0.1:${this.stack.port('gateway')}` };
    const words = ['dist/tools/gpo/main.js', 'lane', word, STOPPED_LANE, '--reason', 'trial run'];
    await promisify(execFile)(process.execPath, words, { env });
  }
}

/** Two payments for one disbursement, under two ids: what the rail lets through and the books must see. */
async function plantDouble(base: string): Promise<void> {
  const basic = `Basic ${btoa('gpo-dev:gpo-dev-secret')}`;
  const form = { 'Content-Type': 'application/x-www-form-urlencoded', Authorization: basic };
  const body = 'grant_type=client_credentials';
  const token = await fetch(`${base}/oauth2/token`, { method: 'POST', headers: form, body });
  const { access_token } = (await token.json()) as { access_token: string };
  const disbursement = {
    ...{ amount: '1', currency: 'XOF', metadata: [{ key: 'disbursementId', value: randomUUID() }] },
    ...{ creditParty: [{ key: 'msisdn', value: '+2540' }], debitParty: [{ key: 'accountid', value: 'x' }] },
  };
  for (const id of [randomUUID(), randomUUID()]) {
    const headers = { 'Content-Type': 'application/json', 'X-CorrelationID': id };
    const answer = await fetch(`${base}/transactions/type/disbursement`, {
      method: 'POST',
      headers: { ...headers, Authorization: `Bearer ${access_token}` },
      body: JSON.stringify(disbursement),
    });
    if (answer.status !== 202) throw new Error(`the planted double is answered ${answer.status}`);
  }
  await sleep(1000);
}

async function books(simulator: string): Promise<Books> {
  return (await (await fetch(`${simulator}/simulator/journal/summary`)).json()) as Books;
}

/** @throws Error where our record, its counters and the rails' books do not say the same. */
async function check(record: pg.Client, before: Books, after: Books, items: number) {
  const sql = (table: string, count: string): string =>
    `SELECT state, currency_code, ${count}::int AS lines, sum(amount_minor)::text AS minor FROM ${table}
      GROUP BY state, currency_code HAVING ${count} <> 0 ORDER BY state, currency_code`;
  type Row = { state: string; currency_code: string; lines: number; minor: string };
  const { rows } = await record.query<Row>(sql('disbursement', 'count(*)'));
  const { rows: counters } = await record.query<Row>(sql('batch_counter', 'sum(lines)'));
  const of = (...states: string[]): Row[] => rows.filter(({ state }) => states.includes(state));
  const lines = (...states: string[]): number => of(...states).reduce((sum, one) => sum + one.lines, 0);
  const minor = (currency: string, ...states: string[]): bigint =>
    of(...states)
      .filter(({ currency_code }) => currency_code === currency)
      .reduce((sum, one) => sum + BigInt(one.minor), 0n);
  const wrong: string[] = [];
  const same = (what: string, ours: unknown, theirs: unknown): void => {
    if (String(ours) !== String(theirs)) wrong.push(`${what}: ${String(ours)}, and ${String(theirs)}`);
  };
  same('lines and counters', JSON.stringify(rows), JSON.stringify(counters));
  same('ended lines', lines('succeeded', 'returned', 'failed', 'malformed', 'cancelled'), items);
  same('payments', lines('succeeded', 'returned'), after.payments - before.payments);
  same('returns', lines('returned'), after.reversed - before.reversed);
  same('doubles beyond the planted one', 0, after.double_payments - before.double_payments);
  for (const currency of ['KES', 'NGN']) {
    same(`${currency} paid`, minor(currency, 'succeeded', 'returned'), after.amount_minor[currency] ?? 0);
    same(`${currency} returned`, minor(currency, 'returned'), after.reversed_minor[currency] ?? 0);
  }
  if (wrong.length > 0) throw new Error(`void: ${wrong.join('; ')}`);
  return { paid: lines('succeeded'), returned: lines('returned'), double_payments: 0 };
}

function batchOf(transactionId: string, from: number, to: number): unknown {
  const disbursements = Array.from({ length: to - from }, (_, at) => {
    const number = 1_000_000 + from + at;
    const rail = at % 3;
    return {
      reference_id: `${transactionId}-${at}`,
      payee_fa:
        rail === 0
          ? `phone:+25470${number}@mpesa`
          : `account_no:70${number}@${rail === 1 ? 'BANKRWRW' : 'BANKNGLA'}`,
      amount: `${100 + (at % 900)}.50`,
      currency_code: rail === 2 ? 'NGN' : 'KES',
      purpose: 'Cash for Schools',
    };
  });
  return { header: { message_id: transactionId }, message: { transaction_id: transactionId, disbursements } };
}

function isTold({
  callbacks: { pending, lines_waiting },
  completed_at,
}: {
  completed_at: string | null;
  callbacks: { pending: number; lines_waiting: number };
}): boolean {
  return completed_at !== null && pending === 0 && lines_waiting === 0;
}

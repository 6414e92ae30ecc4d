import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseAmount } from '@gpo/g2p-connect-schemas';
import { ApiClient, journalSummary, type BatchStatus, type JournalSummary } from './api-client.js';
import { sampleLines, type SampleLine } from './beneficiaries.js';
import type { CallbackReceiver } from './callback-receiver.js';

const LINES_PER_BATCH = 500;
const POLL_MS = 500;
const SEED = 20_261_124;
const OPEN_STATES = ['received', 'on_hold', 'retrying', 'review'];
/** A programme in which nothing happens for this long is not waited for any more: what is open is told as wrong. */
const STANDSTILL_MS = 120_000;

export interface ProgrammeResult {
  lines: number;
  batches: BatchStatus[];
  /** Of this programme alone: after minus before. */
  rail: JournalSummary;
  /** From the first post to the last line's callback. */
  seconds: number;
  /** From the first post to the last final state. */
  settleSeconds: number;
  /** Why the result is not what it must be; empty when all is well. */
  violations: string[];
}

export interface ProgrammeOptions {
  lines: number;
  gatewayUrl: string;
  simulatorUrl: string;
  receiver: CallbackReceiver;
  /** Final lines so far. */
  onProgress: (done: number) => void;
}

/** Posts the sample programme as OpenG2P would, follows it to the end, and checks the books. */
export async function runProgramme(options: ProgrammeOptions): Promise<ProgrammeResult> {
  const client = new ApiClient(options.gatewayUrl);
  const before = await journalSummary(options.simulatorUrl);
  const cycle = `cycle-${new Date().toISOString().slice(0, 10)}-${randomUUID().slice(0, 8)}`;
  const lines = sampleLines(options.lines, SEED, cycle);
  const started = performance.now();
  const transactions: { id: string; lines: SampleLine[] }[] = [];
  for (let from = 0; from < lines.length; from += LINES_PER_BATCH) {
    const part = { id: randomUUID(), lines: lines.slice(from, from + LINES_PER_BATCH) };
    transactions.push(part);
    await client.disburse(disburseMessage(part.id, part.lines));
  }
  const { batches, settledAt, open } = await follow(
    client,
    transactions.map(({ id }) => id),
    options,
  );
  const after = await journalSummary(options.simulatorUrl);
  const rail = {
    payments: after.payments - before.payments,
    double_payments: after.double_payments - before.double_payments,
    reversed: after.reversed - before.reversed,
  };
  const seconds = (performance.now() - started) / 1000;
  const settleSeconds = (settledAt - started) / 1000;
  const violations = check(batches, transactions, rail, options.receiver);
  if (open > 0) violations.push(`${open} lines are still open after ${STANDSTILL_MS / 1000} s without news.`);
  return { lines: lines.length, batches, rail, seconds, settleSeconds, violations };
}

/** The body that OpenG2P 17.0 sends. */
function disburseMessage(transactionId: string, lines: readonly SampleLine[]): unknown {
  return {
    signature: '',
    header: {
      message_id: randomUUID(),
      message_ts: new Date().toISOString(),
      action: 'disburse',
      sender_id: 'payments.openg2p.org',
      receiver_id: 'gpo',
      total_count: lines.length,
    },
    message: { transaction_id: transactionId, disbursements: lines },
  };
}

/** Until every line is final, the expected return came, and every callback was delivered. */
async function follow(
  client: ApiClient,
  ids: readonly string[],
  options: ProgrammeOptions,
): Promise<{ batches: BatchStatus[]; settledAt: number; open: number }> {
  let settledAt = 0;
  let [news, newsAt] = ['', performance.now()];
  for (;;) {
    const batches = await Promise.all(ids.map((id) => client.batch(id)));
    const open = sum(batches, ({ states }) =>
      OPEN_STATES.reduce((total, state) => total + states[state]!.count, 0),
    );
    const total = sum(batches, ({ total_count }) => total_count);
    options.onProgress(total - open);
    if (open === 0 && settledAt === 0) settledAt = performance.now();
    const returned = sum(batches, ({ states }) => states.returned!.count);
    const told = batches.every(({ callbacks }) => callbacks.pending === 0 && callbacks.lines_waiting === 0);
    const returnsExpected = options.lines > 7 ? 1 : 0;
    if (open === 0 && told && returned >= returnsExpected) return { batches, settledAt, open };
    const current = JSON.stringify(batches);
    if (current !== news) [news, newsAt] = [current, performance.now()];
    else if (performance.now() - newsAt > STANDSTILL_MS) return { batches, settledAt, open };
    await sleep(POLL_MS);
  }
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

/** The promises of the product, checked from three sides: status API, callbacks, and the rail's own journal. */
function check(
  batches: readonly BatchStatus[],
  transactions: readonly { id: string; lines: SampleLine[] }[],
  rail: JournalSummary,
  receiver: CallbackReceiver,
): string[] {
  const violations: string[] = [];
  for (const { id, lines } of transactions) {
    const batch = batches.find(({ transaction_id }) => transaction_id === id)!;
    const counted = Object.values(batch.states).reduce((total, { count }) => total + count, 0);
    if (counted !== lines.length)
      violations.push(`Batch ${id} counts ${counted} lines, ${lines.length} were sent.`);
    const told = receiver.linesOf(id);
    const untold = lines.filter(({ reference_id }) => !told.has(reference_id)).length;
    if (untold > 0) violations.push(`${untold} lines of batch ${id} were in no callback.`);
    const twice = [...told.values()].filter((statuses) => new Set(statuses).size !== statuses.length).length;
    if (twice > 0) violations.push(`${twice} lines of batch ${id} were told twice.`);
    if (receiver.statusOf(id) === 'pdng') violations.push(`The last callback of batch ${id} says pdng.`);
  }
  violations.push(...checkMoney(batches, transactions));
  const paid = sum(batches, ({ states }) => states.succeeded!.count + states.returned!.count);
  if (rail.double_payments > 0) violations.push(`${rail.double_payments} disbursements were paid twice.`);
  if (rail.payments !== paid)
    violations.push(`The rail executed ${rail.payments} payments, the books say ${paid}.`);
  return violations;
}

/** Promise I1: what was sent equals what the states hold, per currency, to the minor unit. */
function checkMoney(
  batches: readonly BatchStatus[],
  transactions: readonly { lines: SampleLine[] }[],
): string[] {
  const balance = new Map<string, bigint>();
  const add = (currency: string, minor: bigint): void =>
    void balance.set(currency, (balance.get(currency) ?? 0n) + minor);
  for (const { amount, currency_code } of transactions.flatMap(({ lines }) => lines)) {
    const money = parseAmount(amount, currency_code);
    if (money.ok) add(currency_code, money.minor);
  }
  for (const { amounts } of batches.flatMap(({ states }) => Object.values(states)))
    for (const { currency_code, amount_minor } of amounts) add(currency_code, -BigInt(amount_minor));
  return [...balance]
    .filter(([, minor]) => minor !== 0n)
    .map(([currency, minor]) => `${currency}: ${minor} minor units more were sent than the states hold.`);
}

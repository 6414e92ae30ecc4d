import { currencyExponent, formatAmount } from '@gpo/g2p-connect-schemas';
import { utcText, type Sql } from '@gpo/persistence';
import { STATES } from '../outcome/states.js';
import type { BatchFilter } from './batch.query.js';
import { UNRESOLVED } from './line.query.js';

/** One row of the counters: a state and a currency may have several, which are summed here, because PostgreSQL takes longer to. */
interface Counter {
  state: string;
  lines: number;
  minor: bigint;
  retried: number;
  currency: string;
}

interface BatchRow {
  batch_id: string;
  sender_id: string;
  transaction_id: string;
  correlation_id: string;
  channel: string;
  position: string;
  completed_at: Date | null;
  purged_at: Date | null;
  hold_mark: string | null;
  total_count: number;
  version: number;
  /** As COUNTERS writes them; null = none. */
  counters: string | null;
  unresolved: string;
  delivered: string;
  pending: string;
  failed: string;
  waiting: string;
  files: { stored_at: string; ended_at: string | null }[] | null;
}

/**
 * The counters of a batch, a line of words each: as JSON they take PostgreSQL twice as long, half of what a page of batches takes. The
 * currency is last, because a sender can write anything there; a text with a line break is no code of ISO 4217, and stays none without it.
 */
const COUNTERS = `(SELECT string_agg(state || ' ' || lines || ' ' || amount_minor || ' ' || retried || ' ' || replace(currency_code, E'\\n', ' '), E'\\n')
                     FROM batch_counter WHERE batch_id = b.batch_id)`;

const BATCHES = `
  SELECT b.batch_id, b.sender_id, b.transaction_id, b.correlation_id, b.channel, b.completed_at, b.purged_at,
         b.total_count, b.version, b.hold_mark,
         ${utcText('b.received_at')} AS position,
         ${COUNTERS} AS counters,
         (SELECT count(*) FROM disbursement d
           WHERE d.batch_id = b.batch_id AND ${UNRESOLVED}) AS unresolved,
         called.delivered, called.failed, called.pending,
         (SELECT count(*) FROM callback_item i WHERE i.batch_id = b.batch_id AND i.callback_id IS NULL) AS waiting,
         (SELECT json_agg(json_build_object('file_id', f.file_id, 'format', f.format, 'state', f.state,
                   'rows', f.rows, 'rows_loaded', f.rows_loaded, 'refusal', f.refusal, 'stored_at', f.stored_at,
                   'ended_at', f.ended_at) ORDER BY f.stored_at)
            FROM intake_file f WHERE f.batch_id = b.batch_id) AS files
    FROM batch b
    CROSS JOIN LATERAL (
      SELECT count(*) FILTER (WHERE delivered_at IS NOT NULL) AS delivered, count(*) FILTER (WHERE failed_at IS NOT NULL) AS failed,
             count(*) FILTER (WHERE delivered_at IS NULL AND failed_at IS NULL) AS pending
        FROM callback WHERE batch_id = b.batch_id) called`;

/** A batch, and its place in the order: received_at to the microsecond. */
export interface FoundBatch {
  position: string;
  batch: Record<string, unknown>;
}

/** Batches, newest first, in keyset pages. Counts and amounts come from the counters, never from a recount. */
export async function readBatches(sql: Sql, filter: BatchFilter): Promise<FoundBatch[]> {
  const { where, parameters } = batchConditions(filter);
  const limit = filter.limit === undefined ? '' : `LIMIT $${parameters.push(filter.limit)}`;
  const rows = await sql.query<BatchRow[]>(
    `${BATCHES} WHERE ${where} ORDER BY b.received_at DESC, b.batch_id DESC ${limit}`,
    parameters,
  );
  return rows.map((row) => ({ position: row.position, batch: toBatch(row) }));
}

/** Whether there is a batch as the filter wants it. */
export async function hasBatch(sql: Sql, filter: BatchFilter): Promise<boolean> {
  const { where, parameters } = batchConditions(filter);
  return (await sql.query<unknown[]>(`SELECT FROM batch b WHERE ${where} LIMIT 1`, parameters)).length > 0;
}

/** The conditions that the filter puts on a batch `b`. */
export function batchConditions({
  senderId,
  ofSender,
  batchId,
  transactionId,
  state,
  from,
  to,
  amount,
  after,
}: BatchFilter): {
  where: string;
  parameters: (string | number | null)[];
} {
  const parameters: (string | number | null)[] = [];
  const conditions: string[] = ['true'];
  const asks = (value: string | undefined, condition: (given: string) => string): void => {
    if (value !== undefined) conditions.push(condition(`$${parameters.push(value)}`));
  };
  asks(senderId, (given) => `b.sender_id = ${given}`);
  asks(ofSender, (given) => `b.sender_id = ${given}`);
  asks(batchId, (given) => `b.batch_id = ${given}`);
  asks(transactionId, (given) => `b.transaction_id = ${given}`);
  asks(from, (given) => `b.received_at >= ${given}::timestamptz`);
  asks(to, (given) => `b.received_at < ${given}::timestamptz`);
  asks(state, (given) => `${counted('lines', `c.state = ${given}`)} > 0`);
  if (amount !== undefined) {
    const currency = `$${parameters.push(amount.currency)}`;
    const sum = counted('amount_minor', `c.currency_code = ${currency}`);
    asks((amount.least ?? 1n).toString(), (given) => `${sum} >= ${given}::bigint`);
    asks(amount.most?.toString(), (given) => `${sum} <= ${given}::bigint`);
  }
  if (after !== undefined) {
    const [at, id] = [`$${parameters.push(after.at)}`, `$${parameters.push(after.id)}`];
    conditions.push(`(b.received_at, b.batch_id) < (${at}::timestamptz, ${id}::uuid)`);
  }
  return { where: conditions.join(' AND '), parameters };
}

function counted(column: string, which: string): string {
  return `(SELECT coalesce(sum(c.${column}), 0) FROM batch_counter c WHERE c.batch_id = b.batch_id AND ${which})`;
}

/** How much of a time to the microsecond is the time to the millisecond. */
const MILLISECONDS = '2026-01-01T00:00:00.000'.length;

function toBatch(row: BatchRow): Record<string, unknown> {
  const counters = readCounters(row.counters);
  return {
    batch_id: row.batch_id,
    sender_id: row.sender_id,
    transaction_id: row.transaction_id,
    correlation_id: row.correlation_id,
    channel: row.channel,
    received_at: `${row.position.slice(0, MILLISECONDS)}Z`,
    completed_at: row.completed_at?.toISOString() ?? null,
    purged_at: row.purged_at?.toISOString() ?? null,
    total_count: row.total_count,
    held_by: row.hold_mark,
    retried: counters.reduce((sum, { retried }) => sum + retried, 0),
    unresolved: Number(row.unresolved),
    states: statesOf(counters),
    callbacks: {
      delivered: Number(row.delivered),
      pending: Number(row.pending),
      failed: Number(row.failed),
      lines_waiting: Number(row.waiting),
    },
    files: (row.files ?? []).map((file) => ({
      ...file,
      stored_at: new Date(file.stored_at).toISOString(),
      ended_at: file.ended_at === null ? null : new Date(file.ended_at).toISOString(),
    })),
    version: row.version,
  };
}

function readCounters(text: string | null): Counter[] {
  if (text === null) return [];
  return text.split('\n').map((line) => {
    const words = line.split(' ');
    return {
      state: words[0]!,
      lines: Number(words[1]),
      minor: BigInt(words[2]!),
      retried: Number(words[3]),
      currency: words.length === 5 ? words[4]! : words.slice(4).join(' '),
    };
  });
}

interface StateTotal {
  count: number;
  amounts: { currency_code: string; amount: string; amount_minor: string }[];
}

const NONE: StateTotal = { count: 0, amounts: [] };

/** Every state, in their order; amounts by currency. A line whose currency cannot be read is counted, and adds nothing. */
function statesOf(counters: readonly Counter[]): Record<string, StateTotal> {
  const totals = new Map<string, Omit<Counter, 'retried'>>();
  for (const { state, currency, lines, minor } of counters) {
    const key = `${state} ${currency}`;
    const total = totals.get(key);
    if (total === undefined) totals.set(key, { state, currency, lines, minor });
    else {
      total.lines += lines;
      total.minor += minor;
    }
  }
  const states: Record<string, StateTotal> = {};
  for (const state of STATES) states[state] = NONE;
  for (const { state, currency, lines, minor } of [...totals.values()].sort(byCurrency)) {
    if (lines === 0) continue;
    const { count, amounts } = states[state] ?? NONE;
    const exponent = currencyExponent(currency);
    const more =
      exponent === undefined
        ? []
        : [
            {
              currency_code: currency,
              amount: formatAmount(minor, exponent),
              amount_minor: minor.toString(),
            },
          ];
    states[state] = { count: count + lines, amounts: [...amounts, ...more] };
  }
  return states;
}

function byCurrency(a: { currency: string }, b: { currency: string }): number {
  return a.currency < b.currency ? -1 : Number(a.currency > b.currency);
}

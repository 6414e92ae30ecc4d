import type { FinancialAddress } from '@gpo/g2p-connect-schemas';
import { HELD, type Sql } from '@gpo/persistence';
import { FINAL_STATES } from '../outcome/states.js';

const LINES_PER_RANGE = 1000;
/** Ids are resolved when their lines are nearly due: an account may change, and is known no longer than needed. */
const LEAD_SECONDS = 600;

/** Lines that one call asks about. */
export interface ResolveRange {
  range_id: string;
  batch_id: string;
  sender_id: string;
  first_line: number;
  last_line: number;
  /** As PostgreSQL writes it: a Date would lose the microseconds. */
  due_at: string;
  tries: number;
  question_id: string;
}

/** Ranges of the unresolved lines that a transaction stored. */
export async function insertResolveRanges(
  sql: Sql,
  lines: { senderId: string; batchId: string; firstLine: number; lastLine: number },
): Promise<void> {
  await sql.query(
    `INSERT INTO resolve_range (batch_id, sender_id, first_line, last_line, due_at, next_at)
     SELECT batch_id, $4, min(line_no), max(line_no), due_at, greatest(now(), due_at - $5 * interval '1 second')
       FROM disbursement
      WHERE batch_id = $1 AND line_no BETWEEN $2 AND $3 AND unresolved
      GROUP BY batch_id, due_at, line_no / ${LINES_PER_RANGE}
      ORDER BY min(line_no)`,
    [lines.batchId, lines.firstLine, lines.lastLine, lines.senderId, LEAD_SECONDS],
  );
}

/** A range whose turn it is; nobody else takes it before the lease is over. */
export async function takeRange(sql: Sql, leaseMs: number): Promise<ResolveRange | undefined> {
  const [[range]] = await sql.query<[ResolveRange[], number]>(
    `UPDATE resolve_range SET next_at = now() + $1 * interval '1 millisecond', tries = tries + 1,
            question_id = gen_random_uuid()
      WHERE range_id = (SELECT range_id FROM resolve_range WHERE next_at <= now()
                         ORDER BY next_at, range_id LIMIT 1 FOR UPDATE SKIP LOCKED)
      RETURNING range_id, batch_id, sender_id, first_line, last_line, due_at::text, tries, question_id`,
    [leaseMs],
  );
  return range;
}

/** The range that this question is out for, locked. */
export async function rangeOfQuestion(sql: Sql, questionId: string): Promise<ResolveRange | undefined> {
  const [range] = await sql.query<ResolveRange[]>(
    `SELECT range_id, batch_id, sender_id, first_line, last_line, due_at::text, tries, question_id
       FROM resolve_range WHERE question_id = $1 FOR UPDATE`,
    [questionId],
  );
  return range;
}

// A line that was cancelled meanwhile needs no address.
const OF_RANGE = `d.batch_id = $1 AND d.line_no BETWEEN $2 AND $3 AND d.due_at = $4 AND d.unresolved
  AND d.state = 'received'`;

function rangeArguments({ batch_id, first_line, last_line, due_at }: ResolveRange): unknown[] {
  return [batch_id, first_line, last_line, due_at];
}

/** What waits in a range: ids to ask about, each once, and how many lines people hold. */
export async function waitingIds(sql: Sql, range: ResolveRange): Promise<{ ids: string[]; held: number }> {
  const rows = await sql.query<{ payee_fa: string; held: boolean; lines: number }[]>(
    `SELECT d.payee_fa, ${HELD} AS held, count(*)::int AS lines FROM disbursement d JOIN batch b USING (batch_id)
      WHERE ${OF_RANGE} GROUP BY 1, 2 ORDER BY min(d.line_no)`,
    rangeArguments(range),
  );
  const held = rows.filter((row) => row.held).reduce((sum, { lines }) => sum + lines, 0);
  return { ids: rows.filter((row) => !row.held).map(({ payee_fa }) => payee_fa), held };
}

/**
 * Where people of this batch are paid by what the mapper said of them a moment ago: a batch of two payments to each asks once.
 * @returns addresses by id.
 */
export async function knownAddresses(
  sql: Sql,
  batchId: string,
  ids: readonly string[],
): Promise<Map<string, FinancialAddress>> {
  const rows = await sql.query<{ text: string; scheme: string; id: string; provider: string }[]>(
    `SELECT u.text, d.scheme, d.id, d.provider FROM unnest($2::text[]) AS u(text)
       JOIN LATERAL (SELECT payee_scheme AS scheme, payee_id AS id, payee_provider AS provider FROM disbursement
                      WHERE hashtextextended(lower(payee_fa), 0) = hashtextextended(lower(u.text), 0)
                        AND payee_fa = u.text AND batch_id = $1 AND NOT unresolved AND payee_id <> ''
                        AND resolved_at > now() - $3 * interval '1 second' LIMIT 1 OFFSET 0) d ON true`,
    [batchId, ids, LEAD_SECONDS],
  );
  return new Map(rows.map((row) => [row.text, row]));
}

/**
 * The payee's parts become what the mapper said; payee_fa, and with it the digest, stays what the sender wrote.
 * @returns numbers of the lines that may go on.
 */
export async function storeAddresses(
  sql: Sql,
  range: ResolveRange,
  known: ReadonlyMap<string, FinancialAddress>,
): Promise<number[]> {
  if (known.size === 0) return [];
  const [rows] = await sql.query<[{ line_no: number }[], number]>(
    `UPDATE disbursement d SET unresolved = false, resolved_at = now(), updated_at = now(),
            payee_scheme = u.scheme, payee_id = u.id, payee_provider = u.provider
       FROM unnest($5::text[], $6::text[], $7::text[], $8::text[]) AS u(payee_fa, scheme, id, provider)
      WHERE ${OF_RANGE} AND d.payee_fa = u.payee_fa RETURNING d.line_no`,
    [
      ...rangeArguments(range),
      [...known.keys()],
      [...known.values()].map(({ scheme }) => scheme),
      [...known.values()].map(({ id }) => id),
      [...known.values()].map(({ provider }) => provider),
    ],
  );
  return rows.map(({ line_no }) => line_no);
}

/** Whom the mapper does not know cannot be paid: the line goes the way of every bad line. @returns their numbers. */
export async function storeUnknown(sql: Sql, range: ResolveRange, ids: readonly string[]): Promise<number[]> {
  if (ids.length === 0) return [];
  const [rows] = await sql.query<[{ line_no: number }[], number]>(
    `UPDATE disbursement d SET unresolved = false, updated_at = now(), violations = ARRAY['rjct.payee_fa.invalid']
      WHERE ${OF_RANGE} AND d.payee_fa = ANY($5) RETURNING d.line_no`,
    [...rangeArguments(range), ids],
  );
  return rows.map(({ line_no }) => line_no);
}

/** Nothing of it waits any more; unless it was asked about again, or moved to another day, since it was read. */
export async function dropRange(sql: Sql, { range_id, question_id }: ResolveRange): Promise<void> {
  await sql.query('DELETE FROM resolve_range WHERE range_id = $1 AND question_id = $2', [
    range_id,
    question_id,
  ]);
}

/** @param error why it could not be ended; for people, holds no address. undefined = its lines are held. */
export async function postponeRange(
  sql: Sql,
  { range_id, question_id }: ResolveRange,
  waitMs: number,
  error?: string,
): Promise<void> {
  await sql.query(
    `UPDATE resolve_range SET next_at = now() + $3 * interval '1 millisecond', last_error = $4,
            tries = CASE WHEN $4::text IS NULL THEN tries - 1 ELSE tries END
      WHERE range_id = $1 AND question_id = $2`,
    [range_id, question_id, waitMs, error ?? null],
  );
}

const FORGOTTEN_AT_ONCE = 1000;

/** Accounts of disbursements that ended long ago are forgotten; kind and keeper stay for the books. @returns how many. */
export async function forgetAddresses(sql: Sql, senderId: string, keepDays: number): Promise<number> {
  const [, forgotten] = await sql.query<[unknown[], number]>(
    `UPDATE disbursement SET payee_id = '', resolved_at = NULL
      WHERE disbursement_id IN (
        SELECT d.disbursement_id FROM disbursement d JOIN batch b USING (batch_id)
         WHERE d.resolved_at < now() - $2 * interval '1 day' AND b.sender_id = $1 AND d.state = ANY($3)
           AND d.updated_at < now() - $2 * interval '1 day'
         LIMIT ${FORGOTTEN_AT_ONCE})`,
    [senderId, keepDays, FINAL_STATES],
  );
  return forgotten;
}

/** Lines that are due and wait for a mapper, and for how long the oldest does. */
export async function countUnresolved(sql: Sql): Promise<{ waiting: number; oldestSeconds: number }> {
  const [row] = await sql.query<{ waiting: number; oldest: string }[]>(
    `SELECT count(*)::int AS waiting, coalesce(extract(epoch FROM now() - min(d.due_at)), 0) AS oldest
       FROM disbursement d WHERE d.unresolved AND d.state = 'received' AND d.due_at <= now()`,
  );
  return { waiting: row?.waiting ?? 0, oldestSeconds: Number(row?.oldest ?? 0) };
}

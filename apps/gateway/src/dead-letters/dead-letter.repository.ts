import type { Sql } from '@gpo/persistence';
import type { StoredLetter } from './dead-letter.reader.js';

export const LETTER_STATES = ['open', 'replayed', 'discarded'] as const;
export type LetterState = (typeof LETTER_STATES)[number];

/** Which letters are meant; what is left out does not restrict. */
export interface LetterFilter {
  letterIds?: readonly string[];
  state?: LetterState;
  reason?: string;
  topic?: string;
  since?: Date;
  until?: Date;
}

export interface LetterRow {
  letter_id: string;
  state: LetterState;
  reason: string;
  detail: string | null;
  topic: string;
  record_partition: number;
  record_offset: string;
  record_key: Buffer | null;
  record: Buffer | null;
  lettered_at: Date;
  decided_at: Date | null;
  decided_by: string | null;
  decided_why: string | null;
}

/** Keeps letters. @returns how many of each reason are new. */
export async function storeLetters(
  sql: Sql,
  letters: readonly StoredLetter[],
): Promise<{ reason: string; count: number }[]> {
  return sql.query<{ reason: string; count: number }[]>(
    `WITH added AS (
       INSERT INTO dead_letter (letter_id, reason, detail, topic, record_partition, record_offset, record_key, record,
                                lettered_at)
       SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::int[], $6::bigint[], $7::bytea[],
                            $8::bytea[], $9::timestamptz[])
       ON CONFLICT DO NOTHING RETURNING reason)
     SELECT reason, count(*)::int AS count FROM added GROUP BY reason`,
    [
      letters.map(({ letterId }) => letterId),
      letters.map(({ reason }) => reason),
      letters.map(({ detail }) => detail),
      letters.map(({ topic }) => topic),
      letters.map(({ partition }) => partition),
      letters.map(({ offset }) => offset),
      letters.map(({ key }) => key),
      letters.map(({ value }) => value),
      letters.map(({ at }) => at.toISOString()),
    ],
  );
}

const MATCHING = `($1::uuid[] IS NULL OR letter_id = ANY($1)) AND ($2::text IS NULL OR state = $2)
  AND ($3::text IS NULL OR reason = $3) AND ($4::text IS NULL OR topic = $4)
  AND ($5::timestamptz IS NULL OR lettered_at >= $5) AND ($6::timestamptz IS NULL OR lettered_at < $6)`;

function parameters(filter: LetterFilter): unknown[] {
  const { letterIds, state, reason, topic, since, until } = filter;
  return [letterIds ?? null, state ?? null, reason ?? null, topic ?? null, since ?? null, until ?? null];
}

/** The newest letters first. */
export function readLetters(sql: Sql, filter: LetterFilter, limit: number): Promise<LetterRow[]> {
  return sql.query<LetterRow[]>(
    `SELECT * FROM dead_letter WHERE ${MATCHING} ORDER BY lettered_at DESC, letter_id LIMIT $7`,
    [...parameters(filter), limit],
  );
}

export interface LetterCount {
  reason: string;
  topic: string;
  state: LetterState;
  letters: number;
  oldest: Date;
  newest: Date;
}

export function countLetters(sql: Sql, filter: LetterFilter): Promise<LetterCount[]> {
  return sql.query<LetterCount[]>(
    `SELECT reason, topic, state, count(*)::int AS letters, min(lettered_at) AS oldest, max(lettered_at) AS newest
       FROM dead_letter WHERE ${MATCHING} GROUP BY reason, topic, state ORDER BY letters DESC, reason, topic, state`,
    parameters(filter),
  );
}

/** Takes open letters for a decision, oldest first; nobody else can decide about them until this transaction ends. */
export function lockOpenLetters(sql: Sql, filter: LetterFilter, limit: number): Promise<LetterRow[]> {
  return sql.query<LetterRow[]>(
    `SELECT * FROM dead_letter WHERE ${MATCHING} AND state = 'open'
      ORDER BY lettered_at, letter_id LIMIT $7 FOR UPDATE`,
    [...parameters(filter), limit],
  );
}

export interface Decision {
  state: Exclude<LetterState, 'open'>;
  by: string;
  why: string | null;
}

export async function decideLetters(sql: Sql, ids: readonly string[], decision: Decision): Promise<void> {
  await sql.query(
    `UPDATE dead_letter SET state = $2, decided_by = $3, decided_why = $4, decided_at = now()
      WHERE letter_id = ANY($1) AND state = 'open'`,
    [ids, decision.state, decision.by, decision.why],
  );
}

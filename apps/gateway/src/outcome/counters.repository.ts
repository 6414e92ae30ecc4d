import type { Sql } from '@gpo/persistence';
import { FINAL_STATES } from './states.js';

/** A change of the counters: lines and minor units that a state of a batch gained or lost. */
export interface CounterMove {
  batchId: string;
  state: string;
  currencyCode: string;
  lines: number;
  amountMinor: bigint;
  /** Of these lines, how many are tried again for the first time. */
  retried?: number;
}

/**
 * Rule M: counters move in the transaction of the row. `shard` spreads concurrent writers over rows; a batch's
 * figure is the sum over its shards. Moves are sorted so that two writers never wait for each other in a circle.
 */
export async function moveCounters(sql: Sql, shard: number, moves: readonly CounterMove[]): Promise<void> {
  const merged = new Map<string, CounterMove>();
  for (const move of moves) {
    const key = `${move.batchId}|${move.state}|${move.currencyCode}`;
    const known = merged.get(key);
    if (known === undefined) merged.set(key, { ...move });
    else {
      known.lines += move.lines;
      known.amountMinor += move.amountMinor;
      known.retried = (known.retried ?? 0) + (move.retried ?? 0);
    }
  }
  const sorted = [...merged.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, move]) => move);
  await sql.query(
    `INSERT INTO batch_counter AS c (batch_id, shard, state, currency_code, lines, amount_minor, retried)
     SELECT u.batch_id, $6, u.state, u.currency_code, u.lines, u.amount_minor, u.retried
       FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::numeric[], $7::bigint[])
         AS u(batch_id, state, currency_code, lines, amount_minor, retried)
     ON CONFLICT (batch_id, shard, state, currency_code)
     DO UPDATE SET lines = c.lines + excluded.lines, amount_minor = c.amount_minor + excluded.amount_minor,
                   retried = c.retried + excluded.retried`,
    [
      sorted.map(({ batchId }) => batchId),
      sorted.map(({ state }) => state),
      sorted.map(({ currencyCode }) => currencyCode),
      sorted.map(({ lines }) => lines),
      sorted.map(({ amountMinor }) => String(amountMinor)),
      shard,
      sorted.map(({ retried }) => retried ?? 0),
    ],
  );
}

/**
 * Rule M: completion is decided after commit, plus a sweep. A batch fed by Kafka has no end of its own; it completes
 * when nothing was open for `directIdleMs`: no line arrived and none was decided. A batch with a file that is not
 * loaded whole has lines to come; the mark is on its row, so that the update itself sees it.
 * @param batchIds the batches to look at.
 * @returns the batches that completed just now.
 */
export async function completeBatches(
  sql: Sql,
  directIdleMs: number,
  batchIds: readonly string[],
): Promise<string[]> {
  if (batchIds.length === 0) return [];
  const [rows] = await sql.query<[{ batch_id: string }[], number]>(
    `UPDATE batch b SET completed_at = now()
      WHERE b.completed_at IS NULL AND b.files_loading = 0 AND b.batch_id = ANY($1::uuid[])
        AND (b.channel = 'rest' OR (b.last_line_at < now() - $2 * interval '1 millisecond' AND NOT EXISTS (
               SELECT FROM disbursement d
                WHERE d.batch_id = b.batch_id AND d.updated_at >= now() - $2 * interval '1 millisecond')))
        AND b.total_count = (SELECT coalesce(sum(c.lines), 0) FROM batch_counter c
                              WHERE c.batch_id = b.batch_id AND c.state = ANY($3))
      RETURNING b.batch_id`,
    [batchIds, directIdleMs, FINAL_STATES],
  );
  return rows.map(({ batch_id }) => batch_id);
}

/** The next batches behind `after` that are not complete. */
export async function openBatches(sql: Sql, after: string, limit: number): Promise<string[]> {
  const rows = await sql.query<{ batch_id: string }[]>(
    `SELECT batch_id FROM batch WHERE completed_at IS NULL AND batch_id > $1::uuid ORDER BY batch_id LIMIT $2`,
    [after, limit],
  );
  return rows.map(({ batch_id }) => batch_id);
}

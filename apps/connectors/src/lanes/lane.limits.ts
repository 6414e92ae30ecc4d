import type { DataSource } from 'typeorm';
import { inTransaction, type Sql } from '@gpo/persistence';
import type { LaneConfig } from './lane-config.js';

/**
 * Takes attempts within the lane's limits. Where it has a limit of attempts on their way, they are counted from the
 * rows under the lock of the lane's row, so that all processes together never exceed it, and one that died gives its
 * room back when its leases end. @param wanted how many the caller has room for.
 */
export async function takeWithinLimits<T>(
  dataSource: DataSource,
  { id, inFlight, batchSize }: LaneConfig,
  wanted: number,
  take: (sql: Sql, limit: number) => Promise<T[]>,
): Promise<T[]> {
  const limit = Math.min(wanted, batchSize ?? wanted);
  if (inFlight === undefined) return take(dataSource, limit);
  return inTransaction(dataSource, async (sql) => {
    // A statement of its own: only the next one sees what those before us in the lock's queue have taken.
    await sql.query('SELECT lane FROM lane WHERE lane = $1 FOR NO KEY UPDATE', [id]);
    const [row] = await sql.query<{ sending: number }[]>(
      `SELECT count(*)::int AS sending FROM attempt WHERE lane = $1 AND state = 'sending' AND send_by > now()`,
      [id],
    );
    const room = inFlight - row!.sending;
    return room <= 0 ? [] : take(sql, Math.min(limit, room));
  });
}

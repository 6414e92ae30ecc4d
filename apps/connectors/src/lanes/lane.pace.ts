import type { Sql } from '@gpo/persistence';

/**
 * Reserves sends of a lane, over all processes together: the lane row holds the instant up to which slots are given
 * away. Slots that nobody used are not saved up for longer than a second.
 * @returns milliseconds until the slot of the first of them; each further one has its own, 1/perSecond later. Negative where
 *   slots were saved up.
 */
export async function reserveSlots(
  sql: Sql,
  lane: string,
  sends: number,
  perSecond: number,
): Promise<number> {
  const [rows] = await sql.query<[{ wait_ms: number }[], number]>(
    `UPDATE lane SET next_slot_at = greatest(next_slot_at, now() - interval '1 second') + $2 * interval '1 second'
      WHERE lane = $1
      RETURNING extract(epoch FROM next_slot_at - $2 * interval '1 second' - now())::float8 * 1000 AS wait_ms`,
    [lane, sends / perSecond],
  );
  return rows[0]?.wait_ms ?? 0;
}

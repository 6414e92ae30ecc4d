import type { Sql } from '@gpo/persistence';
import type { LaneStopKind } from '../rail-error.js';

/** Why a lane is stopped: the rail said so, or it says nothing any more. */
export type StopKind = LaneStopKind | 'no_answer';

const REASON_MAX = 500;

/**
 * Trouble of the lane: nobody is paid over it until a probe succeeds or an operator acts.
 * @returns true where it was open until now.
 */
export async function stopLane(
  sql: Sql,
  lane: string,
  kind: StopKind,
  reason: string,
  probeMs: number,
): Promise<boolean> {
  const rows = await sql.query<unknown[]>(
    `WITH stopped AS (
       UPDATE lane SET state = 'stopped', reason = $2, changed_at = now(), changed_by = 'connect',
              probe_at = now() + $3 * interval '1 millisecond'
        WHERE lane = $1 AND state = 'open' RETURNING lane, state, changed_by, reason)
     INSERT INTO lane_event (lane, to_state, actor, reason)
     SELECT lane, state, changed_by, reason FROM stopped RETURNING lane`,
    [lane, `${kind}: ${reason}`.slice(0, REASON_MAX), probeMs],
  );
  return rows.length > 0;
}

/** The probe found the trouble over. @param silences with how many silences in a row it begins. */
export async function openLane(sql: Sql, lane: string, silences: number): Promise<boolean> {
  const rows = await sql.query<unknown[]>(
    `WITH opened AS (
       UPDATE lane SET state = 'open', reason = NULL, probe_at = NULL, changed_at = now(), changed_by = 'probe',
              silences = $2
        WHERE lane = $1 AND state = 'stopped' RETURNING lane, state, changed_by)
     INSERT INTO lane_event (lane, to_state, actor) SELECT lane, state, changed_by FROM opened RETURNING lane`,
    [lane, silences],
  );
  return rows.length > 0;
}

/** Takes the turn to probe a stopped lane, for one process. @returns why it is stopped; undefined = not our turn. */
export async function takeProbe(sql: Sql, lane: string, probeMs: number): Promise<StopKind | undefined> {
  const [rows] = await sql.query<[{ kind: StopKind }[], number]>(
    `UPDATE lane SET probe_at = now() + $2 * interval '1 millisecond'
      WHERE lane = $1 AND state = 'stopped' AND probe_at <= now() RETURNING split_part(reason, ':', 1) AS kind`,
    [lane, probeMs],
  );
  return rows[0]?.kind;
}

const PAUSE_MAX_SECONDS = 600;

/** The trial was not answered: the next one comes after as long a time as the lane has been stopped, ten minutes at most. */
export async function postponeProbe(sql: Sql, lane: string, probeMs: number): Promise<void> {
  await sql.query(
    `UPDATE lane SET probe_at = now() + least(greatest(now() - changed_at, $2 * interval '1 millisecond'),
            greatest($2 * interval '1 millisecond', interval '${PAUSE_MAX_SECONDS} seconds'))
      WHERE lane = $1 AND state = 'stopped'`,
    [lane, probeMs],
  );
}

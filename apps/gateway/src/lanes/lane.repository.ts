import type { LaneStanding } from '@gpo/lanes';
import type { Sql } from '@gpo/persistence';

/** A lane with what waits for an answer or an operator beside what waits to be paid. */
export interface LaneRow extends LaneStanding {
  unresolved: number;
  review: number;
}

/** @param lane only this one; undefined = every lane. */
export function readLanes(sql: Sql, lane?: string): Promise<LaneRow[]> {
  const count = (condition: string): string =>
    `(SELECT count(*)::int FROM attempt a WHERE a.lane = l.lane AND ${condition})`;
  return sql.query<LaneRow[]>(
    `SELECT l.lane, l.state, l.reason, l.changed_at, l.changed_by, l.probe_at, l.silences, l.seen_at, l.hosted,
            ${count(`a.state = 'queued'`)} AS queued,
            (SELECT min(a.queued_at) FROM attempt a WHERE a.lane = l.lane AND a.state = 'queued') AS oldest_queued_at,
            ${count(`a.state = 'sending' AND a.send_by > now()`)} AS sending,
            ${count(`a.state IN ('sending', 'accepted', 'unknown') AND a.next_at IS NOT NULL`)} AS unresolved,
            ${count(`a.state = 'review'`)} AS review
       FROM lane l WHERE $1::text IS NULL OR l.lane = $1 ORDER BY l.lane`,
    [lane ?? null],
  );
}

/** An operator holds the lane, or lets it go on; a lane that is so already stays as it is. */
export async function decideLane(
  sql: Sql,
  decision: { lane: string; to: 'held' | 'open'; operatorId: string; reason: string },
): Promise<boolean> {
  const changed = await sql.query<unknown[]>(
    `WITH changed AS (
       UPDATE lane SET state = $2, reason = CASE $2 WHEN 'held' THEN $4 END, changed_at = now(), changed_by = $3,
              probe_at = NULL, silences = 0
        WHERE lane = $1 AND state <> $2 RETURNING lane)
     INSERT INTO lane_event (lane, to_state, actor, reason) SELECT lane, $2, $3, $4 FROM changed RETURNING lane`,
    [decision.lane, decision.to, decision.operatorId, decision.reason],
  );
  return changed.length > 0;
}

/** One thing that happened to a lane. */
export interface LaneEvent {
  to_state: string;
  actor: string;
  reason: string | null;
  at: Date;
}

/** What happened to a lane last, the newest first. */
export function readLaneEvents(sql: Sql, lane: string, limit: number): Promise<LaneEvent[]> {
  return sql.query<LaneEvent[]>(
    'SELECT to_state, actor, reason, at FROM lane_event WHERE lane = $1 ORDER BY event_id DESC LIMIT $2',
    [lane, limit],
  );
}

import type { DataSource } from 'typeorm';

/**
 * What a new attempt has to know of restores: one row, with nulls where no restore is of concern any more. `sent_from` and `sent_to`
 * bound the time in which the attempt may have been sent by those whose memory the restore took.
 */
export const RESTORED = `SELECT min(backup_at) AS sent_from, max(restored_at) AS sent_to FROM restore WHERE ask_until > now()`;

export interface RestoreOptions {
  /** When the backup was made; not later than the last thing it holds. ISO 8601. */
  backupAt: string;
  /** For how long new attempts are asked for before they are sent: senders repeat what the restore took. */
  askFirstHours: number;
  actor: string;
  reason: string;
}

/** What beginRestore did. */
export interface RestoreBegun {
  lanes_held: number;
  /** Attempts of the backup that may have been sent since; the rail is asked before they are. */
  asked_first: number;
  /** Attempts of the backup that were on their way; the rail is asked about them at once. */
  asked_again: number;
}

/**
 * To be run on a restored database before any process starts on it. Every lane is held until an operator resumes it; whatever may have been paid since
 * the backup is asked for under the id it had, and sent only where its rail surely does not know it.
 */
export function beginRestore(record: DataSource, options: RestoreOptions): Promise<RestoreBegun> {
  const { backupAt, askFirstHours, actor, reason } = options;
  return record.transaction(async (sql) => {
    await sql.query(
      `INSERT INTO restore (backup_at, ask_until, actor, reason) VALUES ($1, now() + $2 * interval '1 hour', $3, $4)`,
      [backupAt, askFirstHours, actor, reason],
    );
    const lanes = await sql.query<unknown[]>(
      `WITH held AS (UPDATE lane SET state = 'held', reason = $2, changed_at = now(), changed_by = $1, probe_at = NULL
                      WHERE state <> 'held' RETURNING lane)
       INSERT INTO lane_event (lane, to_state, actor, reason) SELECT lane, 'held', $1, $2 FROM held RETURNING lane`,
      [actor, `restored from a backup: ${reason}`],
    );
    const [first] = await sql.query<[unknown[], number]>(
      `UPDATE attempt SET state = 'unknown', sends = greatest(sends, 1), first_send_at = coalesce(first_send_at, $1), send_by = now(),
              next_at = now(), lease_token = lease_token + 1, updated_at = now()
        WHERE state = 'queued' RETURNING 1`,
      [backupAt],
    );
    const [again] = await sql.query<[unknown[], number]>(
      `UPDATE attempt SET next_at = now(), send_by = CASE WHEN state = 'sending' THEN now() ELSE send_by END, updated_at = now()
        WHERE state IN ('sending', 'accepted', 'unknown') AND next_at IS DISTINCT FROM now() RETURNING 1`,
    );
    return { lanes_held: lanes.length, asked_first: first.length, asked_again: again.length };
  });
}

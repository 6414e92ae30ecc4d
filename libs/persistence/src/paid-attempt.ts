import type { Sql } from './data-source.js';

/**
 * Rule I: once the rail moved money, later attempts in the queue are void. One that was sent cannot be undone, only
 * reported, whichever of the two the rail settled first. Nearly every disbursement has one attempt, so the others are
 * looked for first; one that is being inserted waits for the row that settled (rule H), and is not inserted then.
 */
export async function stopOtherAttempts(
  sql: Sql,
  paid: readonly { disbursement_id: string; attempt_no: number; state: string }[],
): Promise<void> {
  const others = await sql.query<{ disbursement_id: string }[]>(
    `SELECT DISTINCT a.disbursement_id
       FROM unnest($1::uuid[], $2::int[]) AS u(disbursement_id, attempt_no)
       JOIN attempt a ON a.disbursement_id = u.disbursement_id AND a.attempt_no <> u.attempt_no`,
    keys(paid),
  );
  if (others.length === 0) return;
  const several = new Set(others.map(({ disbursement_id }) => disbursement_id));
  const concerned = paid.filter(({ disbursement_id }) => several.has(disbursement_id));
  await sql.query(
    `UPDATE attempt a SET state = 'void', next_at = NULL, updated_at = now()
       FROM unnest($1::uuid[], $2::int[]) AS u(disbursement_id, attempt_no)
      WHERE a.disbursement_id = u.disbursement_id AND a.attempt_no > u.attempt_no AND a.state = 'queued'`,
    keys(concerned),
  );
  await sql.query(
    `INSERT INTO incident (kind, disbursement_id, attempt_no, detail)
     SELECT DISTINCT 'possible_double', u.disbursement_id, greatest(a.attempt_no, u.attempt_no),
            'Two attempts were sent and an earlier one settled. Ask the rail to recall one of them.'
       FROM attempt a, unnest($1::uuid[], $2::int[]) AS u(disbursement_id, attempt_no)
      WHERE a.disbursement_id = u.disbursement_id
        AND CASE WHEN a.attempt_no > u.attempt_no THEN a.state NOT IN ('void', 'rejected')
                 ELSE a.attempt_no < u.attempt_no AND a.state = 'settled' END
     ON CONFLICT DO NOTHING`,
    keys(concerned.filter(({ state }) => state === 'settled')),
  );
}

function keys(rows: readonly { disbursement_id: string; attempt_no: number }[]): unknown[] {
  return [rows.map(({ disbursement_id }) => disbursement_id), rows.map(({ attempt_no }) => attempt_no)];
}

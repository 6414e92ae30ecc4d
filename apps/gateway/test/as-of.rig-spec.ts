import { expect } from '@jest/globals';
import { utcText, type Sql } from '@gpo/persistence';
import { readLinesPage } from '../src/status/line.repository.js';

/**
 * As of now the lines of a batch stand as they are; and when they change later, they still stood so then, told by their history. Every line
 * must have left `received`, or have been so from the start.
 */
export async function expectSameLater(sql: Sql, batchId: string): Promise<void> {
  const [clock] = await sql.query<{ now: string }[]>(`SELECT ${utcText('clock_timestamp()')} AS now`);
  const now = await readLinesPage(sql, batchId, {}, 0, 1000);
  const stood = (): Promise<unknown[]> => readLinesPage(sql, batchId, { asOf: clock!.now }, 0, 1000);
  const unchanged = await stood();
  expect(unchanged).toEqual(
    now.map((line) => ({ ...line, held_by: null, unresolved: false, updated_at: expect.anything() })),
  );
  const [before] = await sql.query<{ at: Record<string, string> }[]>(
    `SELECT jsonb_object_agg(disbursement_id, updated_at) AS at FROM disbursement WHERE batch_id = $1`,
    [batchId],
  );
  await sql.query(`UPDATE disbursement SET updated_at = now() + interval '1 hour' WHERE batch_id = $1`, [
    batchId,
  ]);
  expect(await stood()).toEqual(unchanged);
  await sql.query(
    `UPDATE disbursement SET updated_at = ($2::jsonb ->> disbursement_id::text)::timestamptz WHERE batch_id = $1`,
    [batchId, JSON.stringify(before!.at)],
  );
}

import { utcText, type Sql } from '@gpo/persistence';

/** A line in the order of batches and their lines. */
export interface LinePlace {
  batchId: string;
  line: number;
}

/** What is behind `after`, up to `to`. */
export interface Span<Place> {
  after: Place;
  to: Place;
}

export const ALL_LINES: Span<LinePlace> = {
  after: { batchId: '00000000-0000-0000-0000-000000000000', line: 0 },
  to: { batchId: 'ffffffff-ffff-ffff-ffff-ffffffffffff', line: 2_147_483_647 },
};

/** Places of outcomes are the times at which they came, to the microsecond. */
export const ALL_OUTCOMES: Span<string> = { after: '-infinity', to: 'infinity' };

/** What one step may read, a few milliseconds' work of the database. */
const STEP = 5000;

/** The parameters of OPEN_SPAN. */
export const spanOfLines = ({ after, to }: Span<LinePlace>): (string | number)[] => [
  after.batchId,
  after.line,
  to.batchId,
  to.line,
];

/** Up to where a step goes that begins behind `after`; undefined = what is left is less than a step. */
export async function endOfLines(
  sql: Sql,
  after: LinePlace,
  step: number = STEP,
): Promise<LinePlace | undefined> {
  const [end] = await sql.query<LinePlace[]>(
    `SELECT l.batch_id AS "batchId", l.line_no AS line
       FROM batch b CROSS JOIN LATERAL (
            SELECT d.batch_id, d.line_no FROM disbursement d
             WHERE d.batch_id = b.batch_id AND (d.batch_id, d.line_no) > ($1::uuid, $2::int)
             ORDER BY d.line_no LIMIT $3::int) l
      WHERE b.completed_at IS NULL AND b.batch_id >= $1::uuid
      ORDER BY b.batch_id, l.line_no OFFSET $3::int - 1 LIMIT 1`,
    [after.batchId, after.line, step],
  );
  return end;
}

/** As endOfLines, of the outcomes that takeUntold looks at. */
export async function endOfOutcomes(
  sql: Sql,
  stuckMs: number,
  after: string,
  step: number = STEP,
): Promise<string | undefined> {
  const [end] = await sql.query<{ at: string }[]>(
    `SELECT ${utcText('a.updated_at')} AS at FROM attempt a
      WHERE ${RISEN} AND a.updated_at > $2::timestamptz AND a.updated_at < now() - $1 * interval '1 millisecond'
      ORDER BY a.updated_at OFFSET $3::int - 1 LIMIT 1`,
    [stuckMs, after, step],
  );
  return end?.at;
}

/** Attempts whose outcome changed, or that were not the first: what the index attempt_risen holds. */
export const RISEN = '(a.outcome_seq > 1 OR (a.attempt_no > 1 AND a.outcome_seq > 0))';

/** The lines of a span whose batches are open: `$2` to `$5` are spanOfLines. */
export const OPEN_SPAN = `b.completed_at IS NULL AND b.batch_id >= $2::uuid AND b.batch_id <= $4::uuid
          AND (d.batch_id, d.line_no) > ($2::uuid, $3::int) AND (d.batch_id, d.line_no) <= ($4::uuid, $5::int)`;

import { FIRST_ID } from '@gpo/g2p-connect-schemas';
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
  after: { batchId: FIRST_ID, line: 0 },
  to: { batchId: 'ffffffff-ffff-ffff-ffff-ffffffffffff', line: 2_147_483_647 },
};

/** Places of outcomes are the times at which they came, to the microsecond. */
export const ALL_OUTCOMES: Span<string> = { after: '-infinity', to: 'infinity' };

/** What one step may read, a few milliseconds' work of the database even where it comes from the disk. */
const STEP = 1000;

/** The parameters of OPEN_SPAN. */
export const spanOfLines = ({ after, to }: Span<LinePlace>): (string | number)[] => [
  after.batchId,
  after.line,
  to.batchId,
  to.line,
];

/** What is known of a step before anything is done. */
export interface LineStep {
  /** Up to where it goes; undefined = what is left is less than a step. */
  end: LinePlace | undefined;
  /** Whether one of its lines is open, due and old: only then is there more to look at. */
  isWorth: boolean;
}

/** The step that begins behind `after`. Most lines of most steps have ended or are not due, and this is all that is read of them. */
export async function nextLines(
  sql: Sql,
  stuckMs: number,
  after: LinePlace,
  step: number = STEP,
): Promise<LineStep> {
  const [found] = await sql.query<{ lines: number; batch_id: string; line_no: number; waits: boolean }[]>(
    `SELECT count(*)::int AS lines, coalesce(bool_or(s.waits), false) AS waits,
            (array_agg(s.batch_id ORDER BY s.batch_id, s.line_no))[$3::int] AS batch_id,
            (array_agg(s.line_no ORDER BY s.batch_id, s.line_no))[$3::int] AS line_no
       FROM (SELECT l.* FROM batch b CROSS JOIN LATERAL (
               SELECT d.batch_id, d.line_no, d.state IN ('received', 'retrying') AND ${isOld('d.due_at')} AND ${isOld('d.updated_at')} AS waits
                 FROM disbursement d
                WHERE d.batch_id = b.batch_id AND (d.batch_id, d.line_no) > ($1::uuid, $2::int)
                ORDER BY d.line_no LIMIT $3::int) l
              WHERE b.completed_at IS NULL AND b.batch_id >= $1::uuid
              ORDER BY b.batch_id, l.line_no LIMIT $3::int) s`,
    [after.batchId, after.line, step, stuckMs],
  );
  const { lines, batch_id: batchId, line_no: line, waits } = found!;
  return { end: lines < step ? undefined : { batchId, line }, isWorth: waits };
}

function isOld(column: string): string {
  return `${column} < now() - $4 * interval '1 millisecond'`;
}

/** Up to where a step over the outcomes of takeUntold goes that begins behind `after`; undefined = what is left is less than a step. */
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

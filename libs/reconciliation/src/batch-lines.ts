import { utcText, type Sql } from '@gpo/persistence';

const LINES_AT_ONCE = 20_000;

const FIELDS: Readonly<Record<string, string>> = {
  line_no: 'd.line_no',
  disbursement_id: 'd.disbursement_id',
  reference_id: 'd.reference_id',
  payer_fa: 'd.payer_fa',
  payee_fa: 'd.payee_fa',
  amount: 'd.amount',
  amount_minor: 'd.amount_minor::text',
  currency_code: 'd.currency_code',
  state: 'd.state',
  reason: 'd.reason',
  attempt: 'a.attempt_no',
  lane: 'a.lane',
  rail_id: 'a.rail_id',
  rail_reference: 'a.rail_reference',
  resolved_at: utcText('a.resolved_at'),
};

const TEXT = `json_build_object(${Object.entries(FIELDS)
  .map(([name, value]) => `'${name}', ${value}`)
  .join(', ')})::text`;

/** A line that was refused when it came has no disbursement: what was sent stands as it came. */
const REFUSED = `json_build_object('line_no', r.line_no, 'reference_id', r.reference_id, 'state', 'malformed', 'reason', r.errors[1])::text`;

/**
 * The lines of a batch by line number, each as one line of JSON: what a close-out hashes and an auditor's pack holds. The bytes are the same
 * as long as no line changes.
 */
export async function* batchLines(sql: Sql, batchId: string): AsyncGenerator<string[]> {
  for (let after = 0; ;) {
    const rows = await sql.query<{ line_no: number; text: string }[]>(
      `SELECT line_no, text FROM (
         (SELECT d.line_no, ${TEXT} AS text
            FROM disbursement d
            LEFT JOIN LATERAL (SELECT * FROM attempt a WHERE a.disbursement_id = d.disbursement_id AND a.attempt_no = d.attempt_no OFFSET 0) a ON true
           WHERE d.batch_id = $1 AND d.line_no > $2 ORDER BY d.line_no LIMIT $3)
         UNION ALL
         (SELECT r.line_no, ${REFUSED} FROM refused_line r WHERE r.batch_id = $1 AND r.line_no > $2 ORDER BY r.line_no LIMIT $3)) l
       ORDER BY line_no LIMIT $3`,
      [batchId, after, LINES_AT_ONCE],
    );
    if (rows.length > 0) yield rows.map(({ text }) => text);
    if (rows.length < LINES_AT_ONCE) return;
    after = rows.at(-1)!.line_no;
  }
}

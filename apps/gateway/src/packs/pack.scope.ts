import { utcText, type Sql } from '@gpo/persistence';

/** What a pack is about: one batch, or the batches that were received on these days (UTC, both included). */
export interface PackScope {
  batchId?: string;
  fromDay?: string;
  toDay?: string;
}

export interface ScopedBatch {
  batch_id: string;
  total_count: number;
}

/** Batches of the scope, for everything that is read in this transaction; the table `pack_batch` ends with it. */
export async function openScope(sql: Sql, { batchId, fromDay, toDay }: PackScope): Promise<ScopedBatch[]> {
  await sql.query(
    'CREATE TEMP TABLE pack_batch (batch_id uuid PRIMARY KEY, received_at timestamptz, total_count integer) ON COMMIT DROP',
  );
  await sql.query(
    `INSERT INTO pack_batch SELECT batch_id, received_at, total_count FROM batch
      WHERE CASE WHEN $1::uuid IS NOT NULL THEN batch_id = $1
                 ELSE received_at >= $2::date::timestamp AT TIME ZONE 'UTC' AND received_at < ($3::date + 1)::timestamp AT TIME ZONE 'UTC' END`,
    [batchId ?? null, fromDay ?? null, toDay ?? null],
  );
  return sql.query<ScopedBatch[]>(
    'SELECT batch_id, total_count FROM pack_batch ORDER BY received_at, batch_id',
  );
}

const json = (fields: Readonly<Record<string, string>>): string =>
  `json_build_object(${Object.entries(fields)
    .map(([name, value]) => `'${name}', ${value}`)
    .join(', ')})::text`;

const same = (row: string, ...names: string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, `${row}.${name}`]));
const text = (row: string, ...names: string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, `${row}.${name}::text`]));
const time = (row: string, ...names: string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, utcText(`${row}.${name}`)]));

/** Lists of a pack, one line of JSON for each row. Amounts are minor units as text, times UTC. */
export const LISTS: Readonly<Record<string, string>> = {
  'batches.jsonl': `
    SELECT ${json({
      ...same('b', 'batch_id', 'sender_id', 'transaction_id', 'channel', 'total_count'),
      ...time('b', 'received_at', 'completed_at'),
    })} FROM pack_batch p JOIN batch b USING (batch_id) ORDER BY p.received_at, p.batch_id`,
  'attempts.jsonl': `
    SELECT ${json({
      ...same(
        'a',
        'disbursement_id',
        'attempt_no',
        'lane',
        'state',
        'rail_id',
        'rail_reference',
        'sends',
        'reason',
        'message',
      ),
      ...time('a', 'queued_at', 'first_send_at', 'resolved_at'),
    })} FROM pack_batch p JOIN disbursement d USING (batch_id)
        JOIN LATERAL (SELECT * FROM attempt a WHERE a.disbursement_id = d.disbursement_id ORDER BY a.attempt_no OFFSET 0) a ON true`,
  'bank-file-items.jsonl': `
    SELECT ${json(same('i', 'lane', 'rail_id', 'message_id', 'group_id'))}
      FROM pack_batch p JOIN disbursement d USING (batch_id) JOIN attempt a ON a.disbursement_id = d.disbursement_id
      JOIN bank_file_item i ON i.lane = a.lane AND i.rail_id = a.rail_id ORDER BY i.lane, i.message_id, i.rail_id`,
  'close-outs.jsonl': `
    SELECT ${json({
      ...same('c', 'batch_id', 'nth', 'event', 'actor', 'reason', 'document', 'signature'),
      ...time('c', 'at'),
    })} FROM pack_batch p JOIN close_out c USING (batch_id) ORDER BY c.batch_id, c.nth`,
  'bookings.jsonl': `
    SELECT ${json({
      ...same(
        'b',
        'booking_id',
        'statement_id',
        'lane',
        'account',
        'direction',
        'reversal',
        'currency_code',
        'account_currency',
      ),
      ...same(
        'b',
        'reference',
        'end_to_end_id',
        'rail_id',
        'code',
        'group_name',
        'disbursement_id',
        'attempt_no',
      ),
      ...text('b', 'amount_minor', 'account_minor', 'booked_on', 'value_on'),
    })} FROM pack_booking k JOIN booking b USING (booking_id) ORDER BY b.lane, b.account, b.booked_on, b.booking_id`,
  'statements.jsonl': `
    SELECT ${json({
      ...same(
        's',
        'statement_id',
        'lane',
        'account',
        'name',
        'form',
        'whole',
        'file_name',
        'currency_code',
        'bookings',
        'imported_by',
      ),
      ...text('s', 'opening_minor', 'opening_on', 'closing_minor', 'closing_on'),
      ...time('s', 'imported_at'),
      file_sha256: `encode(s.file_digest, 'hex')`,
    })} FROM (SELECT DISTINCT statement_id FROM pack_booking) k JOIN statement s USING (statement_id) ORDER BY s.imported_at, s.statement_id`,
  'breaks.jsonl': `
    SELECT ${json({
      ...same(
        'r',
        'break_id',
        'lane',
        'kind',
        'disbursement_id',
        'attempt_no',
        'booking_id',
        'currency_code',
        'actor',
        'reason',
      ),
      ...text('r', 'expected_minor', 'actual_minor'),
      ...time('r', 'opened_at', 'closed_at'),
      state: `coalesce(r.closed_as, 'open')`,
    })} FROM pack_batch p JOIN disbursement d USING (batch_id) JOIN reconciliation_break r USING (disbursement_id)
        ORDER BY r.opened_at, r.break_id`,
};

/** Bookings of the scope's payments, those of whole groups included; read after openScope. */
export async function openBookings(sql: Sql): Promise<void> {
  await sql.query(
    'CREATE TEMP TABLE pack_booking (booking_id uuid PRIMARY KEY, statement_id uuid NOT NULL) ON COMMIT DROP',
  );
  await sql.query(
    `INSERT INTO pack_booking
     SELECT b.booking_id, b.statement_id FROM pack_batch p JOIN disbursement d USING (batch_id) JOIN booking b ON b.disbursement_id = d.disbursement_id
     UNION
     SELECT g.booking_id, g.statement_id FROM pack_batch p JOIN disbursement d USING (batch_id) JOIN attempt a ON a.disbursement_id = d.disbursement_id
       JOIN bank_file_item i ON i.lane = a.lane AND i.rail_id = a.rail_id
       JOIN booking g ON g.lane = i.lane AND g.group_name IN (i.group_id, i.message_id) AND g.disbursement_id IS NULL`,
  );
}

/** The files of the statements that tell the scope's payments. */
export function readStatementDigests(sql: Sql): Promise<{ sha256: string }[]> {
  return sql.query(
    `SELECT DISTINCT encode(s.file_digest, 'hex') AS sha256 FROM pack_booking k JOIN statement s USING (statement_id) JOIN statement_file f USING (file_digest) ORDER BY 1`,
  );
}

const PIECE_BYTES = 1_048_576;

/** The file of a statement, a piece at a time. */
export async function* statementBytes(sql: Sql, sha256: string): AsyncGenerator<Buffer> {
  for (let from = 1; ; from += PIECE_BYTES) {
    const [row] = await sql.query<{ piece: Buffer }[]>(
      `SELECT substring(bytes FROM $2 FOR ${PIECE_BYTES}) AS piece FROM statement_file WHERE file_digest = decode($1, 'hex')`,
      [sha256, from],
    );
    if (row === undefined || row.piece.length === 0) return;
    yield row.piece;
  }
}

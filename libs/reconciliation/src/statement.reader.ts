import { utcText, type Sql } from '@gpo/persistence';
import { amountText } from './amount-text.js';

/** A statement that was imported. Balances are decimal text. */
export interface ReadStatement {
  statement_id: string;
  lane: string;
  account: string;
  /** The rail's own name of it. */
  name: string;
  form: string;
  whole: boolean;
  file_name: string;
  /** SHA-256 of the file, hex. */
  file_sha256: string;
  currency_code: string | null;
  opening: string | null;
  opening_on: string | null;
  closing: string | null;
  closing_on: string | null;
  bookings: number;
  imported_at: string;
  imported_by: string;
}

/** Imported statements, the newest first; after this time, and this id among those of the same time. */
export async function readImported(
  sql: Sql,
  { lane, after, limit }: { lane?: string; after?: { at: string; id: string }; limit: number },
): Promise<ReadStatement[]> {
  const rows = await sql.query<ReadStatement[]>(
    `SELECT s.statement_id, s.lane, s.account, s.name, s.form, s.whole, s.file_name, encode(s.file_digest, 'hex') AS file_sha256,
            s.currency_code, s.opening_minor AS opening, s.opening_on::text AS opening_on, s.closing_minor AS closing,
            s.closing_on::text AS closing_on, s.bookings, ${utcText('s.imported_at')} AS imported_at, s.imported_by
       FROM statement s
      WHERE ($1::text IS NULL OR s.lane = $1) AND ($2::timestamptz IS NULL OR (s.imported_at, s.statement_id) < ($2, $3::uuid))
      ORDER BY s.imported_at DESC, s.statement_id DESC LIMIT $4`,
    [lane ?? null, after?.at ?? null, after?.id ?? null, limit],
  );
  return rows.map(({ opening, closing, ...row }) => {
    const text = (minor: string | null): string | null => amountText(minor, row.currency_code ?? '');
    return { ...row, opening: text(opening), closing: text(closing) };
  });
}

/** The file that a statement came in, byte for byte; undefined where there is none. */
export async function readStatementFile(
  sql: Sql,
  statementId: string,
): Promise<{ name: string; bytes: Buffer } | undefined> {
  const [row] = await sql.query<{ name: string; bytes: Buffer }[]>(
    `SELECT s.file_name AS name, f.bytes FROM statement s JOIN statement_file f USING (file_digest) WHERE s.statement_id = $1`,
    [statementId],
  );
  return row;
}

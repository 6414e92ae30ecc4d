import type { Sql } from '@gpo/persistence';
import type { CsvLayout } from './csv.layout.js';
import type { FileFormat } from './file.scan.js';

/** Bytes of one piece; the last of a file may be shorter. */
export const PIECE_BYTES = 262_144;

/** Pieces read at once: from any place on, they hold the longest row whole. */
const PIECES_AT_ONCE = 4;

/** A file that is acknowledged and not loaded whole. */
export interface OpenFile {
  file_id: string;
  sender_id: string;
  batch_id: string;
  transaction_id: string;
  message_id: string;
  callback_url: string | null;
  content_digest: Buffer;
  format: FileFormat;
  layout: CsvLayout | null;
  size: string;
  rows: number;
  /** Lines of the batch when the first row was loaded; null before. */
  lines_before: number | null;
  next_byte: string;
  rows_loaded: number;
}

/** Bytes will come; nothing is acknowledged. */
export async function beginFile(sql: Sql, fileId: string, senderId: string): Promise<void> {
  await sql.query('INSERT INTO intake_file (file_id, sender_id) VALUES ($1, $2)', [fileId, senderId]);
}

/** Each piece is committed for itself, so that a slow upload holds no transaction open. */
export async function addPiece(sql: Sql, fileId: string, pieceNo: number, bytes: Buffer): Promise<void> {
  await sql.query(
    `WITH alive AS (UPDATE intake_file SET next_at = now() WHERE file_id = $1)
     INSERT INTO intake_file_piece (file_id, piece_no, bytes) VALUES ($1, $2, $3)`,
    [fileId, pieceNo, bytes],
  );
}

/** Bytes that nobody was told of, or that came twice. An acknowledged file stays, whatever the caller believes. */
export async function dropFile(sql: Sql, fileId: string): Promise<void> {
  await sql.query(`DELETE FROM intake_file WHERE file_id = $1 AND state = 'receiving'`, [fileId]);
}

/** Uploads that were cut off: their bytes are of no use. @returns how many. */
export async function dropAbandoned(sql: Sql, olderThanMs: number): Promise<number> {
  const [, dropped] = await sql.query<[unknown[], number]>(
    `DELETE FROM intake_file WHERE state = 'receiving' AND next_at < now() - $1 * interval '1 millisecond'`,
    [olderThanMs],
  );
  return dropped;
}

/** The same bytes in the same batch, sent before. The caller holds the batch's row. */
export async function sameFile(
  sql: Sql,
  batchId: string,
  contentDigest: Buffer,
): Promise<{ refusal: string | null } | undefined> {
  const [found] = await sql.query<{ refusal: string | null }[]>(
    'SELECT refusal FROM intake_file WHERE batch_id = $1 AND content_digest = $2',
    [batchId, contentDigest],
  );
  return found;
}

export type NewFile = Omit<OpenFile, 'sender_id' | 'size' | 'next_byte' | 'rows_loaded' | 'lines_before'> & {
  size: number;
  from: number;
};

/** The file is whole: from this commit on it is loaded, and its batch stays open until it is. */
export async function storeFile(sql: Sql, file: NewFile): Promise<void> {
  await sql.query(
    `UPDATE intake_file SET state = 'stored', stored_at = now(), next_at = now(), batch_id = $2, transaction_id = $3,
            message_id = $4, callback_url = $5, content_digest = $6, format = $7, layout = $8, size = $9, rows = $10,
            next_byte = $11
      WHERE file_id = $1`,
    [
      ...[file.file_id, file.batch_id, file.transaction_id, file.message_id, file.callback_url],
      ...[file.content_digest, file.format, file.layout && JSON.stringify(file.layout), file.size, file.rows],
      file.from,
    ],
  );
  await sql.query(
    'UPDATE batch SET files_loading = files_loading + 1, completed_at = NULL WHERE batch_id = $1',
    [file.batch_id],
  );
}

/**
 * The open file that waited longest, for this transaction alone: another gateway takes another one, or none. A process
 * that dies leaves it as its last commit left it. Files of one batch are loaded one after the other.
 */
export async function takeFile(sql: Sql): Promise<OpenFile | undefined> {
  const [file] = await sql.query<OpenFile[]>(
    `SELECT file_id, sender_id, batch_id, transaction_id, message_id, callback_url, content_digest, format, layout, size,
            rows, lines_before, next_byte, rows_loaded
       FROM intake_file f
      WHERE state IN ('stored', 'loading') AND next_at <= now()
        AND NOT EXISTS (SELECT FROM intake_file e WHERE e.batch_id = f.batch_id AND e.state IN ('stored', 'loading')
                           AND (e.stored_at, e.file_id) < (f.stored_at, f.file_id))
      ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED`,
  );
  return file;
}

/** Bytes of the file from its next row on. */
export async function readWindow(sql: Sql, file: OpenFile): Promise<{ bytes: Buffer; last: boolean }> {
  const next = Number(file.next_byte);
  const first = Math.floor(next / PIECE_BYTES);
  const pieces = await sql.query<{ bytes: Buffer }[]>(
    `SELECT bytes FROM intake_file_piece WHERE file_id = $1 AND piece_no >= $2 AND piece_no < $3 ORDER BY piece_no`,
    [file.file_id, first, first + PIECES_AT_ONCE],
  );
  const bytes = Buffer.concat(pieces.map((piece) => piece.bytes)).subarray(next - first * PIECE_BYTES);
  return { bytes, last: next + bytes.length >= Number(file.size) };
}

/** In the transaction of the lines. */
export async function saveProgress(
  sql: Sql,
  file: OpenFile,
  read: { rows: number; used: number; linesBefore: number },
): Promise<void> {
  await sql.query(
    `UPDATE intake_file SET state = 'loading', next_at = clock_timestamp(), rows_loaded = rows_loaded + $2,
            next_byte = next_byte + $3, lines_before = $4
      WHERE file_id = $1`,
    [file.file_id, read.rows, read.used, read.linesBefore],
  );
}

/**
 * Loaded whole, or not readable to its end: the batch waits for it no longer, and the bytes go. A callback that says so
 * is due, whether or not the last rows added any line.
 */
export async function endFile(sql: Sql, file: OpenFile, refusal?: string): Promise<void> {
  await sql.query(
    'UPDATE intake_file SET state = $2, refusal = $3, ended_at = clock_timestamp() WHERE file_id = $1',
    [file.file_id, refusal === undefined ? 'loaded' : 'refused', refusal ?? null],
  );
  await sql.query('DELETE FROM intake_file_piece WHERE file_id = $1', [file.file_id]);
  await sql.query(
    `UPDATE batch SET files_loading = files_loading - 1, closing_due = callback_url IS NOT NULL WHERE batch_id = $1`,
    [file.batch_id],
  );
}

/** Not now: another file must not wait behind one that fails. */
export async function postponeFile(sql: Sql, fileId: string, ms: number): Promise<void> {
  await sql.query(
    `UPDATE intake_file SET next_at = now() + $2 * interval '1 millisecond' WHERE file_id = $1`,
    [fileId, ms],
  );
}

import { randomUUID } from 'node:crypto';
import { utcText, type Sql } from '@gpo/persistence';
import type { PackScope } from './pack.scope.js';

/** Seconds after which a maker that told nothing is believed dead. */
const LEASE_SECONDS = 60;
const TRIES_MAX = 3;
/** Days for which a pack can be taken away. */
export const KEPT_DAYS = 7;

export interface Pack {
  pack_id: string;
  batch_id: string | null;
  from: string | null;
  to: string | null;
  state: 'asked' | 'making' | 'ready' | 'failed';
  asked_by: string;
  asked_at: string;
  files_done: number;
  files_total: number;
  lines_done: number;
  lines_total: number;
  bytes: number | null;
  sha256: string | null;
  message: string | null;
  ended_at: string | null;
}

const COLUMNS = `pack_id, batch_id, from_day::text AS "from", to_day::text AS "to", state, asked_by, ${utcText('asked_at')} AS asked_at, files_done, files_total,
  lines_done::float8 AS lines_done, lines_total::float8 AS lines_total, bytes::float8 AS bytes, encode(sha256, 'hex') AS sha256, message,
  ${utcText('ended_at')} AS ended_at`;

export async function askPack(
  sql: Sql,
  { batchId, fromDay, toDay }: PackScope,
  askedBy: string,
): Promise<Pack> {
  const [pack] = await sql.query<Pack[]>(
    `INSERT INTO pack (pack_id, batch_id, from_day, to_day, state, asked_by) VALUES ($1, $2, $3, $4, 'asked', $5) RETURNING ${COLUMNS}`,
    [randomUUID(), batchId ?? null, fromDay ?? null, toDay ?? null, askedBy],
  );
  return pack!;
}

/** Packs, the newest first; after this time, and this id among those of the same time. */
export function readPacks(
  sql: Sql,
  { packId, after, limit }: { packId?: string; after?: { at: string; id: string }; limit: number },
): Promise<Pack[]> {
  return sql.query<Pack[]>(
    `SELECT ${COLUMNS} FROM pack k
      WHERE ($1::uuid IS NULL OR k.pack_id = $1) AND ($2::timestamptz IS NULL OR (k.asked_at, k.pack_id) < ($2, $3::uuid))
      ORDER BY k.asked_at DESC, k.pack_id DESC LIMIT $4`,
    [packId ?? null, after?.at ?? null, after?.id ?? null, limit],
  );
}

export interface TakenPack {
  packId: string;
  token: string;
  scope: PackScope;
  askedBy: string;
}

/** Takes the pack that has waited longest, also from a maker that died; what that one wrote is gone. */
export async function takePack(sql: Sql): Promise<TakenPack | undefined> {
  const token = randomUUID();
  const [rows] = await sql.query<
    [
      {
        pack_id: string;
        batch_id: string | null;
        from_day: string | null;
        to_day: string | null;
        asked_by: string;
      }[],
      number,
    ]
  >(
    `UPDATE pack SET state = 'making', token = $1, tries = tries + 1, lease_until = now() + interval '${LEASE_SECONDS} seconds',
            files_done = 0, lines_done = 0
      WHERE pack_id = (SELECT pack_id FROM pack
                        WHERE state = 'asked' OR (state = 'making' AND lease_until < now() AND tries < ${TRIES_MAX})
                        ORDER BY asked_at LIMIT 1 FOR UPDATE SKIP LOCKED)
      RETURNING pack_id, batch_id, from_day::text AS from_day, to_day::text AS to_day, asked_by`,
    [token],
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  await sql.query('DELETE FROM pack_piece WHERE pack_id = $1', [row.pack_id]);
  const scope: PackScope =
    row.batch_id === null ? { fromDay: row.from_day!, toDay: row.to_day! } : { batchId: row.batch_id };
  return { packId: row.pack_id, token, scope, askedBy: row.asked_by };
}

export interface Progress {
  filesDone: number;
  filesTotal: number;
  linesDone: number;
  linesTotal: number;
}

/** @throws Error where another maker has it now: this one must end. */
export async function tellProgress(
  sql: Sql,
  { packId, token }: TakenPack,
  progress: Progress,
): Promise<void> {
  const [rows] = await sql.query<[unknown[], number]>(
    `UPDATE pack SET lease_until = now() + interval '${LEASE_SECONDS} seconds', files_done = $3, files_total = $4, lines_done = $5, lines_total = $6
      WHERE pack_id = $1 AND token = $2 AND state = 'making' RETURNING 1`,
    [packId, token, progress.filesDone, progress.filesTotal, progress.linesDone, progress.linesTotal],
  );
  if (rows.length === 0) throw new Error('another gateway makes this pack now');
}

/** @throws Error where another maker has the pack now. */
export async function keepPiece(
  sql: Sql,
  { packId, token }: TakenPack,
  nth: number,
  bytes: Buffer,
): Promise<void> {
  const rows = await sql.query<unknown[]>(
    `INSERT INTO pack_piece (pack_id, nth, bytes)
     SELECT pack_id, $3, $4 FROM pack WHERE pack_id = $1 AND token = $2 AND state = 'making' RETURNING 1`,
    [packId, token, nth, bytes],
  );
  if (rows.length === 0) throw new Error('another gateway makes this pack now');
}

export async function endPack(
  sql: Sql,
  { packId, token }: TakenPack,
  end: { bytes: number; sha256: Buffer; files: number; lines: number } | { message: string },
): Promise<void> {
  const ready = 'bytes' in end;
  await sql.query(
    `UPDATE pack SET state = $3, bytes = $4, sha256 = $5, message = $6, ended_at = now(), lease_until = NULL,
            files_total = coalesce($7, files_total), files_done = coalesce($7, files_done), lines_total = coalesce($8, lines_total),
            lines_done = coalesce($8, lines_done)
      WHERE pack_id = $1 AND token = $2 AND state = 'making'`,
    ready
      ? [packId, token, 'ready', end.bytes, end.sha256, null, end.files, end.lines]
      : [packId, token, 'failed', null, null, end.message, null, null],
  );
}

/** A pack whose maker ends before it is ready waits again, and nothing was tried. */
export async function giveBack(sql: Sql, { packId, token }: TakenPack): Promise<void> {
  await sql.query(
    `UPDATE pack SET state = 'asked', token = NULL, lease_until = NULL, tries = tries - 1
      WHERE pack_id = $1 AND token = $2 AND state = 'making'`,
    [packId, token],
  );
}

/** Ends packs whose makers died too often, and removes those that nobody may take any more. */
export async function clearPacks(sql: Sql): Promise<void> {
  await sql.query(
    `UPDATE pack SET state = 'failed', message = 'every gateway that made it ended', ended_at = now()
      WHERE state = 'making' AND lease_until < now() AND tries >= ${TRIES_MAX}`,
  );
  await sql.query(`DELETE FROM pack WHERE ended_at < now() - interval '${KEPT_DAYS} days'`);
}

/** The bytes of a pack that is ready, a piece at a time. */
export async function* packBytes(sql: Sql, packId: string): AsyncGenerator<Buffer> {
  for (let nth = 0; ; nth += 1) {
    const [row] = await sql.query<{ bytes: Buffer }[]>(
      'SELECT bytes FROM pack_piece WHERE pack_id = $1 AND nth = $2',
      [packId, nth],
    );
    if (row === undefined) return;
    yield row.bytes;
  }
}

import { sha256 } from '@gpo/g2p-connect-schemas';
import { binaryRows, clientOf, copyOut, utcText, type Sql } from '@gpo/persistence';
import { GENESIS, LEAF_BYTES, type Link } from './chain.js';

/** A row of history as far as its chain goes. */
export interface LeafRow {
  historyId: number;
  chain: number | undefined;
  link: number | undefined;
  leaf: Buffer;
}

/** A period; times as PostgreSQL reads them. */
export interface Period {
  from?: string;
  to?: string;
}

/** The links of one chain that a period asks for, and the hash that the first of them stands on. */
export interface LinkRange {
  chain: number;
  first: number;
  last: number;
  /** undefined where the link before the first is gone. */
  before: Buffer | undefined;
}

/** The next rows after one, with their leaves; hashed while the database still sends. @param sql a running transaction. */
export async function readLeaves(sql: Sql, after: number, until: number, most: number): Promise<LeafRow[]> {
  const rows: LeafRow[] = [];
  const bytes = copyOut(
    await clientOf(sql),
    `COPY (SELECT ${LEAF_BYTES} FROM history h
            WHERE h.history_id > ${after} AND h.history_id <= ${until} ORDER BY h.history_id LIMIT ${most})
       TO STDOUT BINARY`,
  );
  for await (const some of binaryRows(bytes)) for (const [leaf] of some) rows.push(leafRow(leaf!));
  return rows;
}

const NULL_LENGTH = 0xffff_ffff;

/** Reads chain and link off the end of the bytes: fields of type, length and content, where null has no content. */
function leafRow(bytes: Buffer): LeafRow {
  const end = bytes.length;
  const leaf = sha256(bytes);
  const historyId = readWhole(bytes, 12);
  if (bytes.readUInt32BE(end - 4) === NULL_LENGTH)
    return { historyId, chain: undefined, link: undefined, leaf };
  return { historyId, chain: bytes.readInt16BE(end - 18), link: readWhole(bytes, end - 8), leaf };
}

/** A bigint that stays below 2^53 for longer than anybody pays. */
function readWhole(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
}

interface LinkRow {
  chain: number;
  link: string;
  first: string;
  last: string;
  lines: number;
  leaves: Buffer;
  at: string;
  hash: Buffer;
  purged: number[] | null;
}

/** Links that begin at or before a row, after a place in the order of (first_id, chain). */
export async function readLinks(
  sql: Sql,
  after: { firstId: number; chain: number },
  until: number,
  most: number,
): Promise<Link[]> {
  const rows = await sql.query<LinkRow[]>(
    `SELECT chain, link::text AS link, first_id::text AS first, last_id::text AS last, lines, leaves, hash, ${utcText('at')} AS at,
            (SELECT array_agg(p) FROM purged_row r, unnest(r.positions) AS p WHERE r.chain = l.chain AND r.link = l.link) AS purged
       FROM audit_link l WHERE (first_id, chain) > ($1::bigint, $2::smallint) AND first_id <= $3
      ORDER BY first_id, chain LIMIT $4`,
    [after.firstId.toString(), after.chain, until.toString(), most],
  );
  return rows.map(({ link, first, last, purged, ...rest }) => {
    const found = { ...rest, link: Number(link), firstId: Number(first), lastId: Number(last) };
    return purged === null ? found : { ...found, purged: new Set(purged) };
  });
}

/**
 * Where the links of a period lie. One further link of each chain is among them where there is one: it shows that the last
 * one of the period is not gone.
 */
export async function linkRanges(
  sql: Sql,
  { from, to }: Period,
): Promise<{ ranges: LinkRange[]; firstId: number; lastId: number }> {
  const rows = await sql.query<
    { chain: number; first: string; last: string; before: Buffer | null; first_id: string; last_id: string }[]
  >(
    `WITH asked AS (SELECT chain, min(link) AS first, max(link) AS last FROM audit_link
                     WHERE at >= coalesce($1::timestamptz, '-infinity') AND at < coalesce($2::timestamptz, 'infinity')
                     GROUP BY chain),
     range AS (SELECT chain, first,
                      coalesce((SELECT min(link) FROM audit_link l WHERE l.chain = asked.chain AND l.link > last), last) AS last
                 FROM asked)
     SELECT r.chain, r.first::text AS first, r.last::text AS last,
            (SELECT hash FROM audit_link l WHERE l.chain = r.chain AND l.link = r.first - 1) AS before,
            (SELECT first_id::text FROM audit_link l WHERE l.chain = r.chain AND l.link = r.first) AS first_id,
            (SELECT last_id::text FROM audit_link l WHERE l.chain = r.chain AND l.link = r.last) AS last_id
       FROM range r ORDER BY r.chain`,
    [from ?? null, to ?? null],
  );
  const ids = (name: 'first_id' | 'last_id'): number[] => rows.map((row) => Number(row[name]));
  const ranges = rows.map(({ chain, first, last, before }) => {
    const genesis = first === '1' ? GENESIS : undefined;
    return { chain, first: Number(first), last: Number(last), before: before ?? genesis };
  });
  const firstId = Math.min(Number.MAX_SAFE_INTEGER, ...ids('first_id'));
  const lastId = Math.max(0, ...ids('last_id'));
  return { ranges, firstId, lastId };
}

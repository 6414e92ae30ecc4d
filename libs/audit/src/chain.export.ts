import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { DataSource } from 'typeorm';
import { copyTexts, utcText, type Sql } from '@gpo/persistence';
import { LEAF_COLUMNS, type Head } from './chain.js';
import { headJson } from './head.record.js';
import { linkRanges, type Period } from './link.reader.js';

/** What export wrote about one of its files. */
export interface ExportedFile {
  name: string;
  lines: number;
  sha256: string;
}

const TEXTS = LEAF_COLUMNS.map((name) => `'${name}', ${name === 'at' ? utcText('h.at') : `h.${name}::text`}`);
/** A row `h` of history as a line of JSON, every column as text. */
export const HISTORY_JSON = `json_build_object(${TEXTS.join(', ')})::text`;
const LINK = `json_build_object('chain', l.chain, 'link', l.link, 'first_id', l.first_id::text, 'last_id', l.last_id::text,
  'lines', l.lines, 'at', ${utcText('l.at')}, 'hash', encode(l.hash, 'hex'),
  'leaves', CASE WHEN EXISTS (SELECT FROM purged_row r WHERE r.chain = l.chain AND r.link = l.link) THEN encode(l.leaves, 'hex') END)::text`;
/** Where rows of purged batches were, by batch, chain and link. */
const PURGED_JSON = `SELECT json_build_object('batch_id', p.batch_id, 'chain', p.chain, 'link', p.link, 'positions', p.positions)::text
  FROM purged_row p`;

/**
 * Writes history, links and published heads of a period as JSON lines, in one snapshot, with a manifest that holds their hashes. The
 * rows are whole links: where a link lies half in the period, all of it is written. docs/audit.md describes the files.
 */
export async function exportChain(
  record: DataSource,
  folder: string,
  published: AsyncIterable<readonly Head[]>,
  period: Period = {},
): Promise<ExportedFile[]> {
  const { before, files } = await record.transaction('REPEATABLE READ', (sql) =>
    exportRows(sql, folder, period),
  );
  files.push(await writeLines(folder, 'heads.jsonl', headLines(published)));
  const manifest = { format: 1, made_at: new Date().toISOString(), ...period, before, files };
  await writeFile(join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  return files;
}

async function exportRows(
  sql: Sql,
  folder: string,
  period: Period,
): Promise<{ before: { chain: number; link: number; hash: string | null }[]; files: ExportedFile[] }> {
  const { ranges, firstId, lastId } = await linkRanges(sql, period);
  const values = ranges.map(
    ({ chain, first, last }) => `(${chain}::smallint, ${first}::bigint, ${last}::bigint)`,
  );
  const range = `(VALUES ${['(NULL::smallint, 0::bigint, 0::bigint)', ...values].join(', ')}) AS r (chain, first, last)`;
  const inRange = (row: string): string =>
    `EXISTS (SELECT FROM ${range} WHERE r.chain = ${row}.chain AND ${row}.link BETWEEN r.first AND r.last)`;
  const whole = period.from === undefined && period.to === undefined;
  const asked = whole ? 'true' : `h.history_id BETWEEN ${firstId} AND ${lastId} AND ${inRange('h')}`;
  const rows = `SELECT ${HISTORY_JSON} FROM history h WHERE ${asked} ORDER BY h.history_id`;
  const links = `SELECT ${LINK} FROM audit_link l WHERE ${inRange('l')} ORDER BY l.chain, l.link`;
  const before = ranges.map(({ chain, first, before: hash }) => {
    return { chain, link: first - 1, hash: hash?.toString('hex') ?? null };
  });
  const files = [
    await writeLines(folder, 'history.jsonl', copyTexts(sql, rows)),
    await writeLines(folder, 'links.jsonl', copyTexts(sql, links)),
    await writeLines(
      folder,
      'purged.jsonl',
      copyTexts(sql, `${PURGED_JSON} WHERE ${inRange('p')} ORDER BY p.batch_id, p.chain, p.link`),
    ),
  ];
  return { before, files };
}

async function* headLines(published: AsyncIterable<readonly Head[]>): AsyncGenerator<string> {
  for await (const heads of published) for (const head of heads) yield JSON.stringify(headJson(head));
}

async function writeLines(folder: string, name: string, texts: AsyncIterable<string>): Promise<ExportedFile> {
  const digest = createHash('sha256');
  let lines = 0;
  async function* written(): AsyncGenerator<string> {
    for await (const text of texts) {
      lines += 1;
      const line = `${text}\n`;
      digest.update(line);
      yield line;
    }
  }
  await pipeline(written(), createWriteStream(join(folder, name)));
  return { name, lines, sha256: digest.digest('hex') };
}

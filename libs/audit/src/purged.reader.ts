import { createHash } from 'node:crypto';
import type { Sql } from '@gpo/persistence';
import type { Finding } from './chain.js';

/** Event of the row of history that says which rows of a batch are gone; its reason is the hash of their places. */
export const PURGED = 'purged';

/** Where rows of a purged batch were: the places among the leaves of one link. */
export interface PurgedPlaces {
  chain: number;
  link: number;
  positions: number[];
}

/** What the purge of a batch fixes: a line for each link, by chain and link. */
export class PlacesDigest {
  private readonly digest = createHash('sha256');

  add({ chain, link, positions }: PurgedPlaces): void {
    this.digest.update(`${chain} ${link} ${positions.join(',')}\n`);
  }

  hex(): string {
    return this.digest.digest('hex');
  }
}

const PAGE = 5_000;

/** The places of a batch's rows, by chain and link. */
export async function placesDigest(sql: Sql, batchId: string): Promise<string> {
  const digest = new PlacesDigest();
  for (let after = { chain: -1, link: 0 }; ;) {
    const rows = await sql.query<{ chain: number; link: string; positions: number[] }[]>(
      `SELECT chain, link::text AS link, positions FROM purged_row
        WHERE batch_id = $1 AND (chain, link) > ($2::smallint, $3::bigint) ORDER BY chain, purged_row.link LIMIT ${PAGE}`,
      [batchId, after.chain, after.link],
    );
    for (const { chain, link, positions } of rows) digest.add({ chain, link: Number(link), positions });
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE) return digest.hex();
    after = { chain: last.chain, link: Number(last.link) };
  }
}

/** Purges whose places are not those that the history says: somebody added or changed them, to hide what is missing. */
export async function checkPurges(sql: Sql): Promise<Finding[]> {
  const batches = await sql.query<{ batch_id: string; told: string[] }[]>(
    `SELECT p.batch_id, array(SELECT h.reason FROM history h WHERE h.disbursement_id = p.batch_id AND h.event = '${PURGED}') AS told
       FROM (SELECT DISTINCT batch_id FROM purged_row) p ORDER BY p.batch_id`,
  );
  const findings: Finding[] = [];
  for (const { batch_id: batchId, told } of batches)
    if (!told.includes(await placesDigest(sql, batchId))) findings.push({ kind: 'purge-altered', batchId });
  return findings;
}

import type { DataSource } from 'typeorm';
import type { Sql } from '@gpo/persistence';
import { GENESIS, HASH_BYTES, LEAF_COLUMNS, leafOf, linkHash, type Link } from './chain.js';

/** What does not fit. `historyId` names the row; for a row that is gone, the link that it belonged to. */
export interface Finding {
  kind: 'altered' | 'missing' | 'added' | 'link-altered' | 'link-missing' | 'tail-missing' | 'head-altered';
  chain?: number;
  link?: number;
  historyId?: string;
}

export interface Verification {
  rows: number;
  links: number;
  /** Rows from before there was a chain. */
  unchained: number;
  /** In the order in which they were met; at most `findingsMax`. */
  findings: Finding[];
}

interface Row {
  historyId: bigint;
  chain: number | undefined;
  link: number | undefined;
  leaf: Buffer;
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
}

const PAGE = 20_000;
const LINK_PAGE = 2_000;
const BIGINT_MAX = 2n ** 63n - 1n;
const UTC = `AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'`;
const AS_TEXT = LEAF_COLUMNS.map((name) =>
  name === 'at' ? `to_char(h.at ${UTC}) AS at` : `h.${name}::text AS ${name}`,
).join(', ');

/**
 * Recomputes every leaf and every link from the rows, with this program's own hashes: no function that somebody could
 * have put into the database is asked. Reads one snapshot, so that what is written meanwhile does not matter, and changes nothing.
 */
export function verifyChain(record: DataSource, findingsMax = 100): Promise<Verification> {
  return record.transaction('REPEATABLE READ', (sql) => new ChainReading(sql, findingsMax).verify());
}

class ChainReading {
  private readonly result: Verification = { rows: 0, links: 0, unchained: 0, findings: [] };
  /** The last link seen of each chain, and the hash that the next one stands on. */
  private readonly last = new Map<number, { link: number; hash: Buffer }>();
  /** Links whose rows are still being read. */
  private readonly open = new Map<string, { link: Link; leaves: Row[] }>();
  private linksFrom = { id: '0', chain: -1 };
  /** The chain begins with this row. */
  private firstId: bigint | undefined;

  constructor(
    private readonly sql: Sql,
    private readonly findingsMax: number,
  ) {}

  async verify(): Promise<Verification> {
    let page: Promise<Row[]> | undefined = this.rowsAfter(0n);
    while (page !== undefined) {
      const rows: Row[] = await page;
      const until = rows.length < PAGE ? BIGINT_MAX : rows.at(-1)!.historyId;
      await this.readLinks(until);
      // The database makes the next page while this one is compared.
      page = until === BIGINT_MAX ? undefined : this.rowsAfter(until);
      for (const row of rows) this.take(row);
      this.closeLinks(until);
    }
    await this.checkHeads();
    return this.result;
  }

  private find(finding: Finding): void {
    if (this.result.findings.length < this.findingsMax) this.result.findings.push(finding);
  }

  private async rowsAfter(from: bigint): Promise<Row[]> {
    const rows = await this.sql.query<Record<(typeof LEAF_COLUMNS)[number], string | null>[]>(
      `SELECT ${AS_TEXT} FROM history h WHERE h.history_id > $1 ORDER BY h.history_id LIMIT $2`,
      [from.toString(), PAGE],
    );
    return rows.map((row) => ({
      historyId: BigInt(row.history_id!),
      chain: row.chain === null ? undefined : Number(row.chain),
      link: row.link === null ? undefined : Number(row.link),
      leaf: leafOf(LEAF_COLUMNS.map((name) => row[name])),
    }));
  }

  /** Links that begin at or before this row. Of one chain they come in the order in which they were written. */
  private async readLinks(until: bigint): Promise<void> {
    for (;;) {
      const rows = await this.sql.query<LinkRow[]>(
        `SELECT chain, link::text, first_id::text AS first, last_id::text AS last, lines, leaves, hash, to_char(at ${UTC}) AS at
           FROM audit_link WHERE (first_id, chain) > ($1::bigint, $2::smallint) AND first_id <= $3
          ORDER BY first_id, chain LIMIT $4`,
        [this.linksFrom.id, this.linksFrom.chain, until.toString(), LINK_PAGE],
      );
      for (const row of rows) this.takeLink(linkOf(row));
      const end = rows.at(-1);
      if (end !== undefined) this.linksFrom = { id: end.first, chain: end.chain };
      if (rows.length < LINK_PAGE) return;
    }
  }

  private takeLink(link: Link): void {
    this.result.links += 1;
    this.firstId ??= link.firstId;
    const before = this.last.get(link.chain) ?? { link: 0, hash: GENESIS };
    const { chain, link: number } = link;
    if (number !== before.link + 1) this.find({ kind: 'link-missing', chain, link: before.link + 1 });
    else if (!linkHash(link, before.hash).equals(link.hash))
      this.find({ kind: 'link-altered', chain, link: number });
    this.last.set(chain, { link: number, hash: link.hash });
    this.open.set(keyOf(chain, number), { link, leaves: [] });
  }

  private take(row: Row): void {
    this.result.rows += 1;
    if (row.chain === undefined || row.link === undefined) {
      // Only rows from before the chain have no link, and they come before every other.
      if (this.firstId === undefined || row.historyId < this.firstId) this.result.unchained += 1;
      else this.find({ kind: 'added', historyId: row.historyId.toString() });
      return;
    }
    const link = this.open.get(keyOf(row.chain, row.link));
    if (link !== undefined) link.leaves.push(row);
    else this.find({ kind: 'added', chain: row.chain, link: row.link, historyId: row.historyId.toString() });
  }

  private closeLinks(until: bigint): void {
    for (const [key, { link, leaves }] of this.open) {
      if (link.lastId > until) continue;
      this.open.delete(key);
      this.compare(link, leaves);
    }
  }

  /** Rows and leaves of one link: as many, the same, in the same order. */
  private compare({ chain, link, lines, leaves }: Link, rows: readonly Row[]): void {
    const expected = new Set<string>();
    for (let at = 0; at < leaves.length; at += HASH_BYTES)
      expected.add(leaves.toString('latin1', at, at + HASH_BYTES));
    const strange = rows.filter(({ leaf }) => !expected.delete(leaf.toString('latin1')));
    const kind = rows.length > lines ? 'added' : 'altered';
    for (const { historyId } of strange) this.find({ kind, chain, link, historyId: historyId.toString() });
    for (let gone = strange.length; gone < expected.size; gone += 1)
      this.find({ kind: 'missing', chain, link });
  }

  private async checkHeads(): Promise<void> {
    const heads = await this.sql.query<{ chain: number; link: string; hash: Buffer }[]>(
      'SELECT chain, link::text, hash FROM audit_head ORDER BY chain',
    );
    for (const { chain, link, hash } of heads) {
      const seen = this.last.get(chain) ?? { link: 0, hash: GENESIS };
      this.last.delete(chain);
      if (Number(link) > seen.link) this.find({ kind: 'tail-missing', chain, link: seen.link + 1 });
      else if (Number(link) < seen.link || !hash.equals(seen.hash))
        this.find({ kind: 'head-altered', chain, link: seen.link });
    }
    for (const [chain, { link }] of this.last) this.find({ kind: 'head-altered', chain, link });
  }
}

function linkOf({ chain, link, first, last, lines, leaves, at, hash }: LinkRow): Link {
  const ids = { firstId: BigInt(first), lastId: BigInt(last) };
  return { chain, link: Number(link), ...ids, lines, leaves, at, hash };
}

function keyOf(chain: number, link: number): string {
  return `${chain}/${link}`;
}

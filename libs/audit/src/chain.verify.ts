import type { DataSource } from 'typeorm';
import type { Sql } from '@gpo/persistence';
import { GENESIS, HASH_BYTES, linkHash, type Finding, type Link } from './chain.js';
import { checkPurges } from './purged.reader.js';
import {
  linkRanges,
  readLeaves,
  readLinks,
  type LeafRow,
  type LinkRange,
  type Period,
} from './link.reader.js';

export interface Verification {
  rows: number;
  links: number;
  /** Rows from before there was a chain. */
  unchained: number;
  /** In the order in which they were met; at most `findingsMax`. */
  findings: Finding[];
}

const PAGE = 50_000;
const LINK_PAGE = 2_000;

/**
 * Recomputes every leaf and every link from the rows, with this program's own hashes: no function that somebody could
 * have put into the database is asked. Reads one snapshot, so that what is written meanwhile does not matter, and changes nothing.
 * @param period only the links of this time; their rows, and that none of them is gone, but not what another time holds.
 */
export function verifyChain(
  record: DataSource,
  period: Period = {},
  findingsMax = 100,
): Promise<Verification> {
  return record.transaction('REPEATABLE READ', (sql) => verifyChainIn(sql, period, findingsMax));
}

/** The same in a running transaction, which sees what itself has written. */
export function verifyChainIn(sql: Sql, period: Period = {}, findingsMax = 100): Promise<Verification> {
  return new ChainReading(sql, period, findingsMax).verify();
}

class ChainReading {
  private readonly result: Verification = { rows: 0, links: 0, unchained: 0, findings: [] };
  /** The last link seen of each chain, and the hash that the next one stands on. */
  private readonly last = new Map<number, { link: number; hash: Buffer | undefined }>();
  /** Links whose rows are still being read. */
  private readonly open = new Map<number, { link: Link; rows: LeafRow[] }>();
  private readonly ranges = new Map<number, LinkRange>();
  private linksAfter = { firstId: 0, chain: -1 };
  /** The chain begins with this row. */
  private firstId = Number.MAX_SAFE_INTEGER;

  constructor(
    private readonly sql: Sql,
    private readonly period: Period,
    private readonly findingsMax: number,
  ) {}

  private get whole(): boolean {
    return this.period.from === undefined && this.period.to === undefined;
  }

  async verify(): Promise<Verification> {
    const { ranges, firstId, lastId } = await linkRanges(this.sql, this.period);
    this.firstId = firstId;
    for (const range of ranges) {
      this.ranges.set(range.chain, range);
      const first = this.whole ? 1 : range.first;
      this.last.set(range.chain, { link: first - 1, hash: this.whole ? GENESIS : range.before });
    }
    const until = this.whole ? Number.MAX_SAFE_INTEGER : lastId;
    let after = this.whole ? 0 : firstId - 1;
    if (!this.whole && ranges.length === 0) return this.result;
    for (;;) {
      const rows = await readLeaves(this.sql, after, until, PAGE);
      const end = rows.length < PAGE ? until : rows.at(-1)!.historyId;
      await this.readLinks(end);
      for (const row of rows) this.take(row);
      this.closeLinks(end);
      if (rows.length < PAGE) break;
      after = end;
    }
    if (this.period.to === undefined) await this.checkHeads();
    for (const finding of await checkPurges(this.sql)) this.find(finding);
    return this.result;
  }

  private find(finding: Finding): void {
    if (this.result.findings.length < this.findingsMax) this.result.findings.push(finding);
  }

  /** Links that begin at or before this row. Of one chain they come in the order in which they were written. */
  private async readLinks(until: number): Promise<void> {
    for (;;) {
      const links = await readLinks(this.sql, this.linksAfter, until, LINK_PAGE);
      for (const link of links) if (this.asked(link.chain, link.link)) this.takeLink(link);
      const end = links.at(-1);
      if (end !== undefined) this.linksAfter = { firstId: end.firstId, chain: end.chain };
      if (links.length < LINK_PAGE) return;
    }
  }

  private asked(chain: number, link: number): boolean {
    if (this.whole) return true;
    const range = this.ranges.get(chain);
    return range !== undefined && link >= range.first && link <= range.last;
  }

  private takeLink(link: Link): void {
    this.result.links += 1;
    const before = this.last.get(link.chain) ?? { link: 0, hash: GENESIS };
    const { chain, link: number } = link;
    if (number !== before.link + 1) this.find({ kind: 'link-missing', chain, link: before.link + 1 });
    else if (before.hash === undefined) this.find({ kind: 'link-missing', chain, link: number - 1 });
    else if (!linkHash(link, before.hash).equals(link.hash))
      this.find({ kind: 'link-altered', chain, link: number });
    this.last.set(chain, { link: number, hash: link.hash });
    this.open.set(keyOf(chain, number), { link, rows: [] });
  }

  private take(row: LeafRow): void {
    const { historyId, chain, link } = row;
    if (chain === undefined || link === undefined) {
      this.result.rows += 1;
      // Only rows from before the chain have no link, and they come before every other.
      if (historyId < this.firstId) this.result.unchained += 1;
      else this.find({ kind: 'added', historyId: historyId.toString() });
      return;
    }
    if (!this.asked(chain, link)) return;
    this.result.rows += 1;
    const open = this.open.get(keyOf(chain, link));
    if (open !== undefined) open.rows.push(row);
    else this.find({ kind: 'added', chain, link, historyId: historyId.toString() });
  }

  private closeLinks(until: number): void {
    for (const [key, { link, rows }] of this.open) {
      if (link.lastId > until) continue;
      this.open.delete(key);
      if (!sameLeaves(link, rows)) this.compare(link, rows);
    }
  }

  /** Which rows and leaves of one link are not the same. */
  private compare({ chain, link, lines, leaves, purged }: Link, rows: readonly LeafRow[]): void {
    const expected = new Set<string>();
    const gone = new Set<string>();
    for (let at = 0; at < leaves.length; at += HASH_BYTES)
      (purged?.has(at / HASH_BYTES) === true ? gone : expected).add(
        leaves.toString('latin1', at, at + HASH_BYTES),
      );
    const strange = rows.filter(({ leaf }) => {
      const text = leaf.toString('latin1');
      return !expected.delete(text) && !gone.delete(text);
    });
    const kind = rows.length > lines ? 'added' : 'altered';
    for (const { historyId } of strange) this.find({ kind, chain, link, historyId: historyId.toString() });
    for (let missing = strange.length; missing < expected.size; missing += 1)
      this.find({ kind: 'missing', chain, link });
  }

  private async checkHeads(): Promise<void> {
    const heads = await this.sql.query<{ chain: number; link: string; hash: Buffer }[]>(
      'SELECT chain, link::text AS link, hash FROM audit_head ORDER BY chain',
    );
    for (const { chain, link, hash } of heads) {
      const seen = this.last.get(chain);
      this.last.delete(chain);
      // A period in which a chain has nothing says nothing about its head.
      if (seen === undefined && !this.whole) continue;
      const { link: last, hash: lastHash } = seen ?? { link: 0, hash: GENESIS };
      if (Number(link) > last) this.find({ kind: 'tail-missing', chain, link: last + 1 });
      else if (Number(link) < last || lastHash?.equals(hash) !== true)
        this.find({ kind: 'head-altered', chain, link: last });
    }
    for (const [chain, { link }] of this.last) this.find({ kind: 'head-altered', chain, link });
  }
}

/** Whether these are the rows of the link, in their order; of those that are purged some may still be there. */
function sameLeaves({ lines, leaves, purged }: Link, rows: readonly LeafRow[]): boolean {
  if (purged === undefined) return wholeLeaves(lines, leaves, rows);
  if (leaves.length !== lines * HASH_BYTES) return false;
  let next = 0;
  for (let place = 0; place < lines; place += 1) {
    const at = place * HASH_BYTES;
    if (rows[next]?.leaf.compare(leaves, at, at + HASH_BYTES) === 0) next += 1;
    else if (!purged.has(place)) return false;
  }
  return next === rows.length;
}

function wholeLeaves(lines: number, leaves: Buffer, rows: readonly LeafRow[]): boolean {
  return (
    rows.length === lines &&
    leaves.length === lines * HASH_BYTES &&
    rows.every(({ leaf }, index) => leaf.compare(leaves, index * HASH_BYTES, (index + 1) * HASH_BYTES) === 0)
  );
}

/** One number for both: chain numbers are below 2^15. */
function keyOf(chain: number, link: number): number {
  return link * 2 ** 15 + chain;
}

import { HASH_BYTES, type Head } from './chain.js';

/** One head as JSON: in a record of g2p.audit, in `meta.audit` of a callback, and in an export. */
export interface HeadJson {
  chain: number;
  link: number;
  /** Hex. */
  hash: string;
}

/** A record of g2p.audit: the heads that moved since the record before. */
export interface HeadRecord {
  format: 1;
  /** UTC, when they were read. */
  at: string;
  heads: HeadJson[];
}

export function headJson({ chain, link, hash }: Head): HeadJson {
  return { chain, link, hash: hash.toString('hex') };
}

/** @throws Error where it is no head: nobody else writes them, so what cannot be read is a finding, not noise. */
export function readHead(value: unknown): Head {
  const { chain, link, hash } = (value ?? {}) as Partial<Record<keyof HeadJson, unknown>>;
  if (!Number.isSafeInteger(chain) || !Number.isSafeInteger(link) || typeof hash !== 'string')
    throw new Error('no head: chain, link and hash are needed');
  const bytes = Buffer.from(hash, 'hex');
  if (bytes.length !== HASH_BYTES) throw new Error('no head: hash is not 64 hex digits');
  return { chain: chain as number, link: link as number, hash: bytes };
}

/** The heads of one record of g2p.audit. @throws Error where it is none. */
export function readHeadRecord(text: string): Head[] {
  const { format, heads } = JSON.parse(text) as { format?: unknown; heads?: unknown };
  if (format !== 1 || !Array.isArray(heads)) throw new Error('no record of heads in format 1');
  return heads.map(readHead);
}

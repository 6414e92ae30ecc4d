import { createHash } from 'node:crypto';

/**
 * The audit chain (docs/audit.md). Every statement that writes history writes one link: a hash over its rows and over the
 * link before it. There are several chains, so that writers do not wait for each other. Format 1; text is UTF-8, hashes are
 * SHA-256.
 */

/** Columns of a history row in the order in which its leaf hashes them; times are UTC with microseconds. */
export const LEAF_COLUMNS = [
  ...['history_id', 'disbursement_id', 'batch_id', 'event', 'from_state', 'to_state', 'attempt_no'],
  ...['reason', 'message', 'cause', 'scenario', 'scenario_version', 'actor', 'at', 'chain', 'link'],
] as const;

/** A history row as text; null where the column is null. */
export type LeafRow = readonly (string | null)[];

/** Each field as `LENGTH:TEXT`, where LENGTH counts bytes, or `-` for null: no two rows look alike. */
export function leafText(fields: LeafRow): string {
  return fields.map((field) => (field === null ? '-' : `${Buffer.byteLength(field)}:${field}`)).join('');
}

export function leafOf(fields: LeafRow): Buffer {
  return createHash('sha256').update(leafText(fields)).digest();
}

/** One link, as it is stored. */
export interface Link {
  chain: number;
  link: number;
  /** Smallest and largest history_id of its rows; rows of other links may lie between. */
  firstId: bigint;
  lastId: bigint;
  lines: number;
  /** The leaves of its rows one after the other, in the order of their history_id. */
  leaves: Buffer;
  /** UTC with microseconds, `2026-03-01T12:00:00.000000Z`. */
  at: string;
  hash: Buffer;
}

export const HASH_BYTES = 32;
/** What stands before the first link of every chain. */
export const GENESIS = Buffer.alloc(HASH_BYTES);

/** The hash that this link must have behind the one before. */
export function linkHash({ chain, link, lines, leaves, at }: Omit<Link, 'hash'>, before: Buffer): Buffer {
  const digest = createHash('sha256').update(leaves).digest('hex');
  const fields = [chain, link, lines, digest, at, before.toString('hex')];
  return createHash('sha256').update(fields.join('\n')).digest();
}

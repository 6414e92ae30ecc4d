import { createHash } from 'node:crypto';

/**
 * The audit chain (docs/audit.md). Every statement that writes history writes one link: a hash over its rows and over the
 * link before it. There are several chains, so that writers do not wait for each other. Format 1; hashes are SHA-256.
 */

/** Columns of a history row in the order in which its leaf hashes them. */
export const LEAF_COLUMNS = [
  ...['history_id', 'disbursement_id', 'batch_id', 'event', 'from_state', 'to_state', 'attempt_no'],
  ...['reason', 'message', 'cause', 'scenario', 'scenario_version', 'actor', 'at', 'chain', 'link'],
] as const;

/** The bytes that a leaf hashes, as PostgreSQL makes them of a row `h`: its columns in its own binary form. */
export const LEAF_BYTES = `record_send(ROW(${LEAF_COLUMNS.map((name) => `h.${name}`).join(', ')}))`;

/** What names everything that a chain holds up to this link: written down elsewhere, it shows any later change. */
export interface Head {
  chain: number;
  link: number;
  hash: Buffer;
}

/** One link, as it is stored. */
export interface Link extends Head {
  /** Smallest and largest history_id of its rows; rows of other links may lie between. */
  firstId: number;
  lastId: number;
  lines: number;
  /** The leaves of its rows one after the other, in the order of their history_id. */
  leaves: Buffer;
  /** See utcText. */
  at: string;
  /** Places of rows that were purged (purge.ts); none where the link is whole. */
  purged?: ReadonlySet<number>;
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

/** What does not fit. `historyId` names the row; for a row that is gone, the link that it belonged to. */
export interface Finding {
  kind:
    | ('altered' | 'missing' | 'added' | 'link-altered' | 'link-missing' | 'tail-missing' | 'head-altered')
    /** The chain fits in itself, and is another one than the one whose head was published. */
    | 'recomputed'
    /** Places of purged rows are not those that the history says. */
    | 'purge-altered';
  chain?: number;
  link?: number;
  historyId?: string;
  batchId?: string;
  /** For `recomputed`: the last published link that still fits; what was changed comes after it. */
  after?: number;
}

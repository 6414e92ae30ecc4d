import type { ReasonCode } from '../connector.js';
import type { LaneStopKind } from '../rail-error.js';
import type { FilePlan } from './iso20022.mapping.js';

/** What the bank's answers add up to for one item. It only rises: unknown, accepted < rejected < settled < returned. */
export interface Said {
  kind: 'unknown' | 'accepted' | 'rejected' | 'settled' | 'returned';
  reason?: ReasonCode;
  retryable?: boolean;
  code?: string;
  text?: string;
  reference?: string;
}

/**
 * Where a file stands. `prepared`: its name has not been given at the bank, and whoever takes the row away first has
 * the say whether it ever will be. `placing`: the rename may have left us. `placed`: the bank has it.
 */
export type FileState = 'prepared' | 'placing' | 'placed';

export interface KeptFile {
  messageId: string;
  fileName: string;
  /** New each time that a file is prepared: part of its temporary name, and needed to go on with it. */
  claim: string;
  state: FileState;
}

export interface KeptItem {
  railId: string;
  messageId: string;
  groupId: string;
  amountMinor: bigint;
  currency: string;
  exponent: number;
  said: Said | undefined;
}

export interface LaneTrouble {
  kind: LaneStopKind;
  message: string;
}

/** One file in the bank's answer folder. The same name with another size or time is another answer. */
export interface AnswerEntry {
  name: string;
  size: number;
  modifiedAt: number;
}

/** What this lane keeps in the record: which attempt is in which file, what the bank said, which answers were read. */
export interface BankFiles {
  find(railIds: readonly string[]): Promise<ReadonlyMap<string, { item: KeptItem; file: KeptFile }>>;
  /** Ties the attempts to a file. @throws Error when one of them is tied to another. */
  prepare(plan: FilePlan, createdAt: Date): Promise<KeptFile>;
  /** Before the rename leaves us. False: the file was taken away meanwhile, and must not be placed. */
  placing(file: KeptFile): Promise<boolean>;
  /** We saw it under its name, or the bank spoke of it; the latter acknowledges it. */
  placed(messageIds: readonly string[], by: 'us' | 'bank'): Promise<void>;
  /** Frees the attempts of a file that was never placed and never will be. False: it is not in that state any more. */
  discard(file: KeptFile): Promise<boolean>;
  itemsOf(messageIds: readonly string[]): Promise<KeptItem[]>;
  /** Keeps what rises above what was said before. */
  say(words: readonly { railId: string; said: Said }[]): Promise<void>;
  /** The bank refused a whole file or the payer's account. */
  keepTrouble(messageId: string, trouble: LaneTrouble): Promise<void>;
  /** The last such refusal, until a later file has been placed (by whoever opened the lane again). */
  openTrouble(): Promise<LaneTrouble | undefined>;
  /** A file that the bank has had for longer than this and has not said a word about. */
  unacknowledged(afterMs: number): Promise<string | undefined>;
  unread(entries: readonly AnswerEntry[]): Promise<AnswerEntry[]>;
  keepRead(entry: AnswerEntry, kind: string, refusal?: string): Promise<void>;
}

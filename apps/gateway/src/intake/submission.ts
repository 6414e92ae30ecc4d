import { createHash } from 'node:crypto';
import { Slices } from '@gpo/g2p-connect-schemas';
import type { NewLine } from './batch.repository.js';
import type { NewRefusedLine } from './refused-line.repository.js';

const LINES_PER_LOOK = 256;

/** A message's lines, read and checked, in the order they came. */
export interface Submission {
  transactionId: string;
  messageId: string;
  /** The message id where it is a key (D13). */
  messageKey?: string;
  /** Conflicting lines are told in a callback of their own, because the answer says nothing of lines. */
  conflictsToCallback?: boolean;
  callbackUrl: string | null;
  channel: 'rest' | 'kafka';
  lines: readonly NewLine[];
  refused: readonly NewRefusedLine[];
}

/** What became of a submission. Given only after the commit. */
export interface Acceptance {
  batchId: string;
  correlationId: string;
  /** Lines whose reference exists with other content: refused in this answer only, the stored ones are untouched. */
  conflicting: readonly NewLine[];
  /** A callback tells the conflicting lines. */
  conflictsTold: boolean;
  /** Lines that this submission added. */
  added: readonly NewLine[];
  /** How many of them were flagged as a duplicate payee. */
  duplicatePayees: number;
}

/** Lines that are added to a stored batch go on with its line numbers. */
export function numbered(
  before: number,
  lines: readonly NewLine[],
  refused: readonly NewRefusedLine[],
): Pick<Submission, 'lines' | 'refused'> {
  return {
    lines: lines.map((line, index) => ({ ...line, lineNo: before + 1 + index })),
    refused: refused.map((line, index) => ({ ...line, lineNo: before + lines.length + 1 + index })),
  };
}

/** Tells a repeated message from one with other lines; only money fields and references count. */
export async function digestOf({ lines, refused }: Submission): Promise<Buffer> {
  const hash = createHash('sha256');
  const slices = new Slices();
  for (const [index, { lineNo, referenceId, digest }] of lines.entries()) {
    hash.update(`${lineNo}:${referenceId.length}:${referenceId}`).update(digest);
    if (index % LINES_PER_LOOK === 0 && slices.isOver) await slices.rest();
  }
  for (const { lineNo, line } of refused) hash.update(`${lineNo}!${JSON.stringify(line)}`);
  return hash.digest();
}

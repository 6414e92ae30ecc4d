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

/** Consecutive lines of a submission. */
export type LinePart = Pick<Submission, 'lines' | 'refused'>;

/** A submission without its lines. */
export type SubmissionHead = Omit<Submission, 'lines' | 'refused'>;

/** What became of a submission. Given only after the commit. */
export interface Acceptance {
  batchId: string;
  correlationId: string;
  /** Lines whose reference exists with other content: refused in this answer only, the stored ones are untouched. */
  conflicting: readonly NewLine[];
  /** A callback tells the conflicting lines. */
  conflictsTold: boolean;
  /** How many disbursements this submission added. */
  added: number;
  /** How many of them were flagged as a duplicate payee. */
  duplicatePayees: number;
}

/** Lines that are added to a stored batch go on with its line numbers. */
export function numbered(
  before: number,
  lines: readonly NewLine[],
  refused: readonly NewRefusedLine[],
): LinePart {
  return {
    lines: lines.map((line, index) => ({ ...line, lineNo: before + 1 + index })),
    refused: refused.map((line, index) => ({ ...line, lineNo: before + lines.length + 1 + index })),
  };
}

// Lines are gathered in it, because every call of the hash costs as much as hashing five of them.
const GATHERED_BYTES = 65_536;

/** Tells a repeated message from one with other lines; only money fields and references count. */
export class SubmissionDigest {
  private readonly hash = createHash('sha256');
  private readonly refused: string[] = [];
  private readonly gathered = Buffer.allocUnsafe(GATHERED_BYTES);
  private length = 0;

  /** Takes the next lines, in the order they came. */
  add({ lines, refused }: LinePart): void {
    for (const { lineNo, referenceId, digest } of lines) {
      const text = `${lineNo}:${referenceId.length}:${referenceId}`;
      if (this.length + 3 * text.length + digest.length > GATHERED_BYTES) this.flush();
      this.length += this.gathered.write(text, this.length);
      this.length += digest.copy(this.gathered, this.length);
    }
    for (const { lineNo, line } of refused) this.refused.push(`${lineNo}!${JSON.stringify(line)}`);
  }

  end(): Buffer {
    this.flush();
    for (const text of this.refused) this.hash.update(text);
    return this.hash.digest();
  }

  private flush(): void {
    this.hash.update(this.gathered.subarray(0, this.length));
    this.length = 0;
  }
}

/** The digest of a whole message. */
export async function digestOf({ lines, refused }: Submission): Promise<Buffer> {
  const digest = new SubmissionDigest();
  const slices = new Slices();
  for (let from = 0; from < lines.length; from += LINES_PER_LOOK) {
    digest.add({ lines: lines.slice(from, from + LINES_PER_LOOK), refused: [] });
    if (slices.isOver) await slices.rest();
  }
  digest.add({ lines: [], refused });
  return digest.end();
}

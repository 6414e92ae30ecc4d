import { PROFILES, isNumberText, plain, type Profile } from '@gpo/g2p-connect-schemas';
import { ApiError } from '../api-error.js';
import type { Sender } from '../senders/sender.js';
import type { NewLine } from './batch.repository.js';
import type { NewRefusedLine } from './refused-line.repository.js';
import { readEnvelope, totalCount, type Envelope } from './envelope.js';
import { readLines } from './submission.reader.js';

/** Characters of a transaction_id (G2P Connect). */
export const TRANSACTION_ID_MAX = 99;

/** A DisburseRequest, read and checked; nothing is stored yet. */
export interface DisburseMessage {
  envelope: Envelope;
  transactionId: string;
  lines: NewLine[];
  refused: NewRefusedLine[];
}

/**
 * Reads a DisburseRequest as the sender's profile allows.
 * @param linesMax most lines in one message.
 * @throws ApiError where the message cannot be attributed or read.
 */
export async function readDisburseMessage(
  sender: Sender,
  body: Buffer | undefined,
  linesMax: number,
): Promise<DisburseMessage> {
  const profile = PROFILES[sender.profile];
  const envelope = await readEnvelope(body, sender, profile, ['disburse']);
  const raw = disbursements(envelope, linesMax);
  checkCount(envelope, profile, raw.length);
  const transactionId = readTransactionId(envelope);
  return { envelope, transactionId, ...(await readLines(sender, profile, transactionId, raw)) };
}

// D1: the specification misspells its own field; a message with only the misspelt one means it.
function disbursements({ message }: Envelope, linesMax: number): readonly unknown[] {
  const list = message.disbursements ?? message.disburemsents;
  if (!Array.isArray(list)) throw new ApiError('err.request.bad', 'The message has no disbursements array.');
  if (list.length === 0) throw new ApiError('err.request.bad', 'The disbursements array is empty.');
  if (list.length > linesMax) {
    throw new ApiError('rjct.total_count.limit_exceeded', `A message may hold ${linesMax} disbursements.`);
  }
  return list;
}

function checkCount({ header }: Envelope, profile: Profile, lines: number): void {
  if (profile.checkTotalCount !== 'reject') return;
  if (totalCount(header) !== lines) {
    throw new ApiError(
      'rjct.total_count.invalid',
      'The header total_count is not the number of disbursements.',
    );
  }
}

function readTransactionId({ message }: Envelope): string {
  const id = textOf(message.transaction_id);
  if (id === undefined || id === '')
    throw new ApiError('err.request.bad', 'The message has no transaction_id.');
  if (id.length > TRANSACTION_ID_MAX) {
    throw new ApiError(
      'err.request.bad',
      `The transaction_id is longer than ${TRANSACTION_ID_MAX} characters.`,
    );
  }
  return id;
}

/** Text, or the source text of a JSON number. */
export function textOf(value: unknown): string | undefined {
  if (isNumberText(value)) return plain(value);
  return typeof value === 'string' ? value : undefined;
}

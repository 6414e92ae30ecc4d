import {
  DisburseRequestMessageDto,
  compileDto,
  type InterfacePath,
  type Profile,
} from '@gpo/g2p-connect-schemas';
import { ApiError } from '../api-error.js';
import { profileOf, type Sender } from '../senders/sender.js';
import type { NewLine } from './batch.repository.js';
import { cutBody, tooManyLines } from './body.list.js';
import { badJsonAsRefusal, checkEnvelope, readEnvelope, textOf, type Envelope } from './envelope.js';
import type { NewRefusedLine } from './refused-line.repository.js';
import { collect, readSlices, type LineSlice } from './submission.reader.js';

export { textOf } from './envelope.js';

/** Longest transaction_id, in characters. */
export const TRANSACTION_ID_MAX = 99;

// A bad line never refuses its message, so lines are checked one by one.
const invalidMessageFields = compileDto(DisburseRequestMessageDto, ['disbursements']);

/** A DisburseRequest, read and checked; nothing is stored yet. */
export interface DisburseMessage {
  envelope: Envelope;
  transactionId: string;
  lines: NewLine[];
  refused: NewRefusedLine[];
}

/** A DisburseRequest whose head is checked, and whose lines are still to be read. */
export interface OpenMessage {
  envelope: Envelope;
  transactionId: string;
  /** Lines, good and bad. */
  count: number;
  /**
   * Reads the lines; each call begins anew.
   * @throws ApiError where a line is no JSON that is taken here.
   */
  slices: () => AsyncIterable<LineSlice>;
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
  path: InterfacePath = 'disburse',
): Promise<DisburseMessage> {
  const { envelope, transactionId, slices } = await openDisburseMessage(sender, body, linesMax, path);
  return { envelope, transactionId, ...(await collect(slices())) };
}

/**
 * Reads all of a DisburseRequest but its lines.
 * @throws ApiError where the message cannot be attributed or read.
 */
export async function openDisburseMessage(
  sender: Sender,
  body: Buffer | undefined,
  linesMax: number,
  path: InterfacePath,
): Promise<OpenMessage> {
  const profile = profileOf(sender);
  const opened = (envelope: Envelope, raw: Iterable<unknown>, count: number): OpenMessage => {
    const transactionId = readHead(envelope, count, profile);
    const slices = (): AsyncIterable<LineSlice> =>
      asRefusals(readSlices(sender, profile, transactionId, raw));
    return { envelope, transactionId, count, slices };
  };
  const cut = await cutBody(body, linesMax);
  if (cut === undefined) {
    const envelope = await readEnvelope(body, sender, profile, path);
    const raw = disbursements(envelope, linesMax);
    return opened(envelope, raw, raw.length);
  }
  const { value, items } = cut;
  try {
    const envelope = checkEnvelope(value, sender, profile, path);
    if (items.count === 0) throw new ApiError('err.request.bad', 'The disbursements array is empty.');
    return opened(envelope, items, items.count);
  } catch (error) {
    // What is no JSON is told first, wherever it stands.
    if (error instanceof ApiError) await items.check();
    throw error;
  }
}

async function* asRefusals(slices: AsyncIterable<LineSlice>): AsyncGenerator<LineSlice> {
  try {
    yield* slices;
  } catch (error) {
    throw badJsonAsRefusal(error);
  }
}

/**
 * The transaction of a message with this many lines.
 * @throws ApiError where the sender's profile refuses the message whole.
 */
export function readHead(envelope: Envelope, lines: number, profile: Profile): string {
  if (!countFits(envelope, lines) && profile.checkTotalCount === 'reject') {
    throw new ApiError(
      'rjct.total_count.invalid',
      'The header total_count is not the number of disbursements.',
    );
  }
  return readTransactionId(envelope, profile);
}

/** D12: true where header.total_count is the number of lines. */
export function countFits({ header }: Envelope, lines: number): boolean {
  return header.total_count === lines;
}

// D1: the specification misspells its own field; a message with only the misspelt one means it.
function disbursements({ message }: Envelope, linesMax: number): readonly unknown[] {
  const list = message.disbursements ?? message.disburemsents;
  if (!Array.isArray(list)) throw new ApiError('err.request.bad', 'The message has no disbursements array.');
  if (list.length === 0) throw new ApiError('err.request.bad', 'The disbursements array is empty.');
  if (list.length > linesMax) throw tooManyLines(linesMax);
  return list;
}

const UNPRINTABLE = /[\u0000-\u001f\u007f]/;

function readTransactionId({ message }: Envelope, profile: Profile): string {
  const id = textOf(message.transaction_id);
  if (id === undefined || id === '')
    throw new ApiError('err.request.bad', 'The message has no transaction_id.');
  if (id.length > TRANSACTION_ID_MAX) {
    throw new ApiError(
      'err.request.bad',
      `The transaction_id is longer than ${TRANSACTION_ID_MAX} characters.`,
    );
  }
  if (UNPRINTABLE.test(id) || (profile.requireEnvelope && invalidMessageFields(message).length > 0))
    throw new ApiError('err.request.bad', 'The transaction_id must be printable text.');
  return id;
}

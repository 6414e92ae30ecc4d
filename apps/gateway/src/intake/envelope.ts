import {
  BadJson,
  isNumberText,
  parseExactInSlices,
  parseTimestamp,
  plain,
  type Profile,
} from '@gpo/g2p-connect-schemas';
import { ApiError } from '../api-error.js';
import type { Sender } from '../senders/sender.js';

/** The parts of a G2P Connect message that intake needs. Header fields are as they came. */
export interface Envelope {
  header: Record<string, unknown>;
  message: Record<string, unknown>;
}

const REQUIRED_HEADER = ['message_id', 'message_ts', 'action', 'sender_id', 'total_count'] as const;

/**
 * Reads and checks the envelope as the sender's profile asks (interface A, sections 1.2, 1.4 and 2.2).
 * @param verbs words that header.action may hold for this path; the path decides, so only strict senders are held to it (D4).
 * @throws ApiError; nothing was stored.
 */
export async function readEnvelope(
  body: Buffer | undefined,
  sender: Sender,
  profile: Profile,
  verbs: readonly string[],
): Promise<Envelope> {
  const value = await parse(body);
  const header = objectOrNone(value.header);
  const message = objectOrNone(value.message);
  if (message === undefined) throw new ApiError('err.request.bad', 'The body has no message object.');
  if (profile.requireEnvelope) checkHeader(header, sender, profile, verbs);
  return { header: header ?? {}, message };
}

async function parse(body: Buffer | undefined): Promise<Record<string, unknown>> {
  if (body === undefined || body.length === 0) throw new ApiError('err.request.bad', 'The body is empty.');
  let value: unknown;
  try {
    value = await parseExactInSlices(body);
  } catch (error) {
    if (error instanceof BadJson) throw new ApiError('err.request.bad', error.message, { cause: error });
    throw error;
  }
  const object = objectOrNone(value);
  if (object === undefined) throw new ApiError('err.request.bad', 'The body is not a JSON object.');
  return object;
}

function checkHeader(
  header: Record<string, unknown> | undefined,
  sender: Sender,
  profile: Profile,
  verbs: readonly string[],
): void {
  if (header === undefined) throw new ApiError('err.request.bad', 'The body has no header object.');
  const missing = REQUIRED_HEADER.filter((field) => header[field] === undefined || header[field] === null);
  if (missing.length > 0) throw new ApiError('err.request.bad', `The header has no ${missing.join(', ')}.`);
  const version = header.version ?? '1.0.0';
  if (typeof version !== 'string' || !/^1\.\d+\.\d+$/.test(version)) {
    throw new ApiError('err.version.not_supported', 'The header version must be 1.x.y.');
  }
  if (typeof header.message_id !== 'string' || header.message_id === '') {
    throw new ApiError('err.request.bad', 'The header message_id must be text.');
  }
  if (
    typeof header.message_ts !== 'string' ||
    parseTimestamp(header.message_ts, profile.naiveTimestamps) === null
  ) {
    throw new ApiError(
      'rjct.message_ts.invalid',
      'The header message_ts must be an ISO 8601 time with offset.',
    );
  }
  if (profile.checkAction && !verbs.includes(String(header.action))) {
    throw new ApiError('rjct.action.invalid', `The header action must be one of: ${verbs.join(', ')}.`);
  }
  if (header.sender_id !== sender.id && !sender.aliases.includes(String(header.sender_id))) {
    throw new ApiError('err.sender_id.invalid', 'The header sender_id is not one of your registered names.');
  }
}

/** header.total_count as a number, or undefined where it is not one. */
export function totalCount(header: Record<string, unknown>): number | undefined {
  const value = header.total_count;
  const text = isNumberText(value) ? plain(value) : value;
  return typeof text === 'string' && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

export function objectOrNone(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

import {
  BadJson,
  RequestHeaderDto,
  actionsOf,
  compileDto,
  isNumberText,
  parseExactInSlices,
  parseTimestamp,
  plain,
  type InterfacePath,
  type Profile,
} from '@gpo/g2p-connect-schemas';
import { ApiError, type ApiErrorCode } from '../api-error.js';
import type { Sender } from '../senders/sender.js';

/** The parts of a G2P Connect message. Header numbers are numbers; the message is as it came. */
export interface Envelope {
  header: Record<string, unknown>;
  message: Record<string, unknown>;
}

const REQUIRED_HEADER = ['message_id', 'message_ts', 'action', 'sender_id', 'total_count'] as const;
const invalidHeaderFields = compileDto(RequestHeaderDto);

/** Refusals of single header fields; every other field is err.request.bad. */
const CODE_OF_FIELD: Readonly<Record<string, ApiErrorCode>> = {
  message_ts: 'rjct.message_ts.invalid',
  action: 'rjct.action.invalid',
  total_count: 'rjct.total_count.invalid',
  version: 'err.version.not_supported',
  sender_id: 'err.sender_id.invalid',
  sender_uri: 'err.sender_uri.invalid',
};

/**
 * Reads and checks the envelope as the sender's profile asks (interface A, sections 1.2, 1.4 and 2.2).
 * @throws ApiError; nothing was stored.
 */
export async function readEnvelope(
  body: Buffer | undefined,
  sender: Sender,
  profile: Profile,
  path: InterfacePath,
): Promise<Envelope> {
  return checkEnvelope(await parse(body), sender, profile, path);
}

/**
 * Checks an envelope that was read.
 * @throws ApiError; nothing was stored.
 */
export function checkEnvelope(
  value: Record<string, unknown>,
  sender: Sender,
  profile: Profile,
  path: InterfacePath,
): Envelope {
  const header = withNumbers(objectOrNone(value.header));
  if (profile.requireEnvelope) checkHeader(header, sender, profile, path);
  const message = objectOrNone(value.message);
  if (isEncrypted(header, message ?? value)) {
    throw new ApiError(
      'err.encryption.invalid',
      'Encrypted messages are not taken here: send it in the clear.',
    );
  }
  if (message === undefined) throw new ApiError('err.request.bad', 'The body has no message object.');
  return { header: header ?? {}, message };
}

async function parse(body: Buffer | undefined): Promise<Record<string, unknown>> {
  if (body === undefined || body.length === 0) throw new ApiError('err.request.bad', 'The body is empty.');
  let value: unknown;
  try {
    value = await parseExactInSlices(body);
  } catch (error) {
    throw badJsonAsRefusal(error);
  }
  const object = objectOrNone(value);
  if (object === undefined) throw new ApiError('err.request.bad', 'The body is not a JSON object.');
  return object;
}

/** What is not the JSON that is taken here is refused; any other error stays what it is. */
export function badJsonAsRefusal(error: unknown): unknown {
  return error instanceof BadJson ? new ApiError('err.request.bad', error.message, { cause: error }) : error;
}

function checkHeader(
  header: Record<string, unknown> | undefined,
  sender: Sender,
  profile: Profile,
  path: InterfacePath,
): void {
  if (header === undefined) throw new ApiError('err.request.bad', 'The body has no header object.');
  const missing = REQUIRED_HEADER.filter((field) => header[field] === undefined || header[field] === null);
  if (missing.length > 0) throw new ApiError('err.request.bad', `The header has no ${missing.join(', ')}.`);
  const [field] = invalidHeaderFields(header);
  if (field !== undefined)
    throw new ApiError(CODE_OF_FIELD[field] ?? 'err.request.bad', `The header field ${field} is not valid.`);
  if (parseTimestamp(String(header.message_ts), profile.naiveTimestamps) === null) {
    throw new ApiError(
      'rjct.message_ts.invalid',
      'The header message_ts must be an ISO 8601 time with offset.',
    );
  }
  if (profile.checkAction) checkAction(header.action, path);
  checkSenderId(header.sender_id, sender);
}

/** @throws ApiError rjct.action.invalid */
export function checkAction(action: unknown, path: InterfacePath): void {
  if (actionsOf(path).includes(String(action))) return;
  throw new ApiError(
    'rjct.action.invalid',
    `The header action must be one of: ${actionsOf(path)
      .filter((word) => word !== '')
      .join(', ')}.`,
  );
}

/** @throws ApiError err.sender_id.invalid */
export function checkSenderId(senderId: unknown, sender: Sender): void {
  if (senderId !== sender.id && !sender.aliases.includes(String(senderId))) {
    throw new ApiError('err.sender_id.invalid', 'The header sender_id is not one of your registered names.');
  }
}

/** D20: told by the flag, or by the members that only an EncryptedMessage has. */
function isEncrypted(header: Record<string, unknown> | undefined, message: Record<string, unknown>): boolean {
  const hasParts = ['ciphertext', 'iv', 'tag'].every((part) => typeof message[part] === 'string');
  return header?.is_msg_encrypted === true || hasParts;
}

/** No header field is money: its numbers may be numbers. */
function withNumbers(header: Record<string, unknown> | undefined): Record<string, unknown> | undefined {
  if (header === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(header).map(([name, value]) => [name, isNumberText(value) ? Number(value.text) : value]),
  );
}

export function objectOrNone(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isNumberText(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

/** Text, or the source text of a JSON number. */
export function textOf(value: unknown): string | undefined {
  if (isNumberText(value)) return plain(value);
  return typeof value === 'string' ? value : undefined;
}

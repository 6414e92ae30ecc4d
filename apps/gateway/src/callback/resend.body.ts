import { ApiError } from '../api-error.js';

const REASON_MIN = 3;
const REASON_MAX = 500;
const UNPRINTABLE = /[\u0000-\u001f\u007f]/;

/** An operator's word on callbacks. */
export interface ResendWords {
  reason: string;
  /** Whose failed callbacks; absent where one is named. */
  senderId?: string;
}

/** @throws ApiError where no reason is given. */
export function readResend(body: Buffer | undefined): ResendWords {
  const { reason, sender_id: senderId } = parse(body);
  const text = typeof reason === 'string' ? reason.trim() : '';
  if (text.length < REASON_MIN || text.length > REASON_MAX || UNPRINTABLE.test(text))
    throw new ApiError(
      'err.request.bad',
      `Say why: {"reason": "..."} of ${REASON_MIN} to ${REASON_MAX} characters in one line.`,
    );
  // PostgreSQL keeps no NUL in text, so no sender has one in its name.
  return typeof senderId === 'string' && !senderId.includes('\u0000')
    ? { reason: text, senderId }
    : { reason: text };
}

function parse(body: Buffer | undefined): { reason?: unknown; sender_id?: unknown } {
  try {
    const parsed: unknown = JSON.parse((body ?? Buffer.alloc(0)).toString('utf8'));
    return typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}

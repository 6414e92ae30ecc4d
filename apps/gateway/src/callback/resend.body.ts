import { readObject, readReason } from '../hold/decision.body.js';

/** An operator's word on callbacks. */
export interface ResendWords {
  reason: string;
  /** Whose failed callbacks; absent where one is named. */
  senderId?: string;
}

/** @throws ApiError where no reason is given. */
export function readResend(body: Buffer | undefined): ResendWords {
  const fields = readObject(body);
  const reason = readReason(fields);
  const { sender_id: senderId } = fields;
  // PostgreSQL keeps no NUL in text, so no sender has one in its name.
  return typeof senderId === 'string' && !senderId.includes('\u0000') ? { reason, senderId } : { reason };
}

import { canonicalAddress } from '../financial-address.js';
import { sha256, sha256Hex } from '../sha256.js';

/** A UUID as every id of ours is written: lower case, with hyphens. */
export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Before every other id. */
export const FIRST_ID = '00000000-0000-0000-0000-000000000000';

/** batch_id: UUID version 8 of SHA-256 over (sender_id, transaction_id). Any process can compute it without asking. */
export function batchId(senderId: string, transactionId: string): string {
  return uuid(hexOf([senderId, transactionId]), 8);
}

/**
 * disbursement_id: UUID version 8 of SHA-256 over (sender_id, transaction_id, reference_id). Its first half is the
 * batch's, so that rows of one batch lie together in the index.
 */
export function disbursementId(senderId: string, transactionId: string, referenceId: string): string {
  const own = hexOf([senderId, transactionId, referenceId]);
  return `${batchHalf(senderId, transactionId)}${variant(own[16]!)}${own.slice(17, 20)}-${own.slice(20, 32)}`;
}

/** question_id, and correlation_id of its Ack: of (sender_id, message_id), so that a question that is sent again is the same one. */
export function questionId(senderId: string, messageId: string): string {
  return uuid(hexOf(['question', senderId, messageId]), 8);
}

/** The rail's id of one attempt: shaped like UUID version 4, because MTN and UETR take no other (rails 1.3). */
export function railId(lane: string, disbursement: string, attempt: number): string {
  return uuid(hexOf([lane, disbursement, String(attempt)]), 4);
}

const BATCH_HALF = 'xxxxxxxx-xxxx-xxxx-'.length;

let lastBatch = { senderId: '', transactionId: '', half: '' };

// Lines come batch by batch, so one remembered value saves nearly every second hash.
function batchHalf(senderId: string, transactionId: string): string {
  if (lastBatch.half === '' || lastBatch.senderId !== senderId || lastBatch.transactionId !== transactionId)
    lastBatch = { senderId, transactionId, half: batchId(senderId, transactionId).slice(0, BATCH_HALF) };
  return lastBatch.half;
}

/** JSON keeps the boundaries: ("a","bc") and ("ab","c") differ. */
function hexOf(parts: readonly string[]): string {
  return sha256Hex(JSON.stringify(parts));
}

/** An id of something else: UUID version 8 of the SHA-256 that this is in hex. */
export function uuidOfHash(hex: string): string {
  return uuid(hex, 8);
}

/** UUID of the first 16 bytes of a hash. */
function uuid(hex: string, version: number): string {
  const third = `${version}${hex.slice(13, 16)}`;
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${third}-${variant(hex[16]!)}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** The hexadecimal digit that begins the fourth group: its first two bits are 10 (RFC 9562). */
function variant(digit: string): string {
  return VARIANTS[Number.parseInt(digit, 16) & 3]!;
}

const VARIANTS = ['8', '9', 'a', 'b'] as const;

export interface DigestedContent {
  payerFa: string;
  payeeFa: string;
  /** Canonical text where it is an amount, else what the sender wrote. */
  amount: string;
  currencyCode: string;
}

/**
 * Protocol rule B: what must be equal for two messages to mean the same payment. Intake, direct requests and connect
 * all come here, so that the form compared is one.
 */
export function contentDigest({ payerFa, payeeFa, amount, currencyCode }: DigestedContent): Buffer {
  return sha256(JSON.stringify([canonicalAddress(payerFa), canonicalAddress(payeeFa), amount, currencyCode]));
}

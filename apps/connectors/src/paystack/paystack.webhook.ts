import { createHmac, timingSafeEqual } from 'node:crypto';
import type { InboundMessage, InboundResult } from '../connector.js';
import { isObject } from '../rail-http.js';

const SIGNATURE = 'x-paystack-signature';
const EVENT = /^transfer\.[a-z_]+$/;
const REFERENCE = /^[a-z0-9_-]{16,50}$/;

/** HMAC-SHA512 of the raw body with the secret key, in hexadecimal. */
export function signatureOf(body: Buffer, secretKey: string): string {
  return createHmac('sha512', secretKey).update(body).digest('hex');
}

/** An authentic webhook names a transfer to ask about; what became of it is read by verify. */
export function readWebhook({ headers, body }: InboundMessage, secretKey: string): InboundResult {
  const given = headers[SIGNATURE];
  if (typeof given !== 'string' || !sameText(given.toLowerCase(), signatureOf(body, secretKey)))
    return { wake: [], outcomes: [], refused: 'the signature does not fit the body' };
  const reference = referenceOf(body);
  return { wake: reference === undefined ? [] : [{ railId: reference }], outcomes: [] };
}

function referenceOf(body: Buffer): string | undefined {
  let message: unknown;
  try {
    message = JSON.parse(body.toString('utf8'));
  } catch {
    return undefined; // Signed, and not JSON: nothing to ask about. The poll finds what it meant.
  }
  if (!isObject(message) || typeof message.event !== 'string' || !EVENT.test(message.event)) return undefined;
  const reference = isObject(message.data) ? message.data.reference : undefined;
  return typeof reference === 'string' && REFERENCE.test(reference) ? reference : undefined;
}

/** In constant time for texts of the same length; the length of a signature is no secret. */
function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

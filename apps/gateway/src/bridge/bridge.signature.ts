import { callNameOf, refused, type BridgeAnswer } from './bridge.answer.js';
import { BridgeRefusal } from './bridge.codes.js';
import { readCall } from './bridge.message.js';

/**
 * A message of the Bridge API whose signature is missing or wrong: HTTP 200, as the original answers (interface-a.md 3.2).
 * @returns undefined where the address is none of the Bridge API. @throws ApiError where the body is no JSON object.
 */
export async function signatureRefusal(url: string, body: unknown): Promise<BridgeAnswer | undefined> {
  const name = url.startsWith('/bridge/') ? callNameOf(url) : undefined;
  if (name === undefined || !Buffer.isBuffer(body)) return undefined;
  return refused(await readCall(body), new BridgeRefusal('rjct.jwt.invalid'), name, 'bridge-safe');
}

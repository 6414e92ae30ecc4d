import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ApiError } from '../api-error.js';
import { refuse } from '../api-refusal.js';
import { signatureRefusal } from '../bridge/bridge.signature.js';
import { badJsonAsRefusal } from '../intake/envelope.js';
import { senderOf } from './authentication.js';
import type { KeyFile } from './key-file.js';
import { findSignature, isSignedBy, readSigned } from './message-signature.js';
import type { Integrity } from './sender.js';
import type { SenderRegistry } from './sender-registry.js';

/** A message is read, written in the forms of its signer and hashed: larger ones come as a file, or unsigned. */
const SIGNED_BYTES_MAX = 8_388_608;

/** Refuses messages whose signature the senders file asks for and that have none, or a wrong one (D22). */
export function requireSignatures(fastify: FastifyInstance, registry: SenderRegistry): void {
  fastify.addHook('preHandler', async (request, reply) => {
    const sender = senderOf(request);
    const keys = sender && registry.signingKeysOf(sender);
    if (keys === undefined || request.method !== 'POST') return;
    const refusal = await refusalOf(request, keys, sender!.integrity!.mode);
    if (refusal === undefined) return;
    const told = isAboutSignature(refusal) ? await signatureRefusal(request.url, request.body) : undefined;
    return told === undefined ? refuse(reply, refusal) : reply.send(told);
  });
}

async function refusalOf(
  { body, headers }: FastifyRequest,
  keys: KeyFile,
  mode: Integrity['mode'],
): Promise<ApiError | undefined> {
  const missing =
    mode === 'require'
      ? new ApiError('err.signature.missing', 'This sender must sign its messages.')
      : undefined;
  if (!Buffer.isBuffer(body)) return missing;
  if (body.length > SIGNED_BYTES_MAX)
    return new ApiError(
      'err.request.too_large',
      `A message of a sender that signs may hold ${SIGNED_BYTES_MAX} bytes: send it in parts.`,
    );
  try {
    const read = await readSigned(body);
    const found = read && findSignature(headers.signature, read.value.signature);
    // A signature that cannot be checked must not count as none.
    if (found === undefined) return headers.signature === undefined ? missing : invalid();
    if (await isSignedBy(keys, found, read!)) return undefined;
  } catch (error) {
    const refused = badJsonAsRefusal(error);
    if (refused instanceof ApiError) return refused;
    throw error;
  }
  return invalid();
}

function isAboutSignature({ code }: ApiError): boolean {
  return code === 'err.signature.missing' || code === 'err.signature.invalid';
}

function invalid(): ApiError {
  return new ApiError('err.signature.invalid', 'The signature does not fit this message.');
}

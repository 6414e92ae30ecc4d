import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ApiError, type ApiErrorCode } from '../api-error.js';
import { refuse } from '../api-refusal.js';
import type { IntakeLimits } from '../senders/sender.js';

const JSON_TYPE = /^application\/(?:json|[a-z0-9.+-]+\+json)(?:\s*;|$)/i;
const FORM_TYPE = /^multipart\/form-data(?:\s*;|$)/i;
/** Where a form with a file may be posted; interface prefixes are gone here. */
const FORM_PATH = /^\/(?:disburse|bridge\/upload_mt940)\/?(?:\?|$)/;
const CHARSET = /;\s*charset\s*=\s*"?([^";\s]*)/i;
/** Beside its file, a form holds little. */
const FORM_BYTES_MAX = 131_072;

interface Refusal {
  code: ApiErrorCode;
  status: 413 | 415;
  message: string;
}

/**
 * Bodies reach controllers as raw bytes, so that amounts never become floats; forms with a file as streams. What is
 * packed, written in another character set or too large is refused before it is read: a packed body of a few kilobytes
 * can unfold to gigabytes.
 * @param limitsOf the sizes that count for the caller.
 */
export function acceptBodies(
  fastify: FastifyInstance,
  limitsOf: (request: FastifyRequest) => IntakeLimits,
): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser(JSON_TYPE, (request: FastifyRequest, payload: IncomingMessage) =>
    readBody(payload, Number(request.headers['content-length'] ?? 0), limitsOf(request).body_bytes),
  );
  fastify.addHook('onRequest', async (request: FastifyRequest, reply) => {
    const { 'content-encoding': encoding, 'content-type': type } = request.headers;
    const refusal = refusedForm(encoding, type);
    const refused: Refusal | undefined =
      refusal === undefined
        ? tooLarge(request, limitsOf(request))
        : { code: 'err.request.unsupported_media_type', status: 415, message: refusal };
    if (refused === undefined) return;
    return refuse(reply, new ApiError(refused.code, refused.message, { status: refused.status }));
  });
  // The rest of a body that was refused in the middle is not read, so the connection cannot be used again.
  fastify.addHook('onSend', async (request, reply) => {
    if (!request.raw.complete) void reply.header('Connection', 'close');
  });
}

/** A body whose length is announced is refused by it; one without is refused where it passes the limit. */
function tooLarge({ headers, url }: FastifyRequest, limits: IntakeLimits): Refusal | undefined {
  const isForm = FORM_TYPE.test(headers['content-type'] ?? '');
  if (isForm && !FORM_PATH.test(url))
    return { code: 'err.request.unsupported_media_type', status: 415, message: 'Send application/json.' };
  const largest = isForm ? limits.file_bytes + FORM_BYTES_MAX : limits.body_bytes;
  if (!(Number(headers['content-length'] ?? 0) > largest)) return undefined;
  return { code: 'err.request.too_large', status: 413, message: tooLargeText(isForm, limits) };
}

function tooLargeText(isForm: boolean, limits: IntakeLimits): string {
  return isForm
    ? `A file may have ${limits.file_bytes} bytes.`
    : `A body may have ${limits.body_bytes} bytes.`;
}

/**
 * @param announced bytes, where the sender said how many: room that is filled, and not copied together afterwards.
 * @throws an error with statusCode 413 where the body goes on over the limit; the rest is not read.
 */
function readBody(payload: IncomingMessage, announced: number, largest: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let room = Buffer.allocUnsafe(announced > 0 && announced <= largest ? announced : 0);
    const chunks: Buffer[] = [];
    let size = 0;
    const take = (chunk: Buffer): void => {
      const at = size;
      size += chunk.length;
      if (size > largest) {
        payload.off('data', take).pause();
        reject(refusal('The body is larger than its limit.', 413));
      } else if (size <= room.length) chunk.copy(room, at);
      else chunks.push(chunk);
    };
    payload.on('data', take);
    payload.once('end', () => {
      if (chunks.length > 0) room = Buffer.concat([room.subarray(0, size - lengthOf(chunks)), ...chunks]);
      resolve(room.subarray(0, size));
    });
    payload.once('error', () => reject(refusal('The body did not arrive whole.', 400)));
  });
}

function lengthOf(chunks: readonly Buffer[]): number {
  return chunks.reduce((sum, { length }) => sum + length, 0);
}

function refusal(message: string, statusCode: number): Error {
  return Object.assign(new Error(message), { statusCode });
}

/** Why a body in this form is not taken, or undefined. */
export function refusedForm(encoding: string | undefined, type: string | undefined): string | undefined {
  if (encoding !== undefined && encoding.trim().toLowerCase() !== 'identity')
    return 'Send the body unpacked, without Content-Encoding.';
  const charset = CHARSET.exec(type ?? '')?.[1]?.toLowerCase();
  if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8') return 'Send JSON in UTF-8.';
  return undefined;
}

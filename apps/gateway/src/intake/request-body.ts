import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ApiError } from '../api-error.js';
import { refuse } from '../api-refusal.js';

const JSON_TYPE = /^application\/(?:json|[a-z0-9.+-]+\+json)(?:\s*;|$)/i;
const CHARSET = /;\s*charset\s*=\s*"?([^";\s]*)/i;

/**
 * Bodies reach controllers as raw bytes, so that amounts never become floats. What is packed or written in another
 * character set is refused before it is read: a packed body of a few kilobytes can unfold to gigabytes.
 */
export function acceptJsonBytes(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser(JSON_TYPE, { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  fastify.addHook('onRequest', async (request: FastifyRequest, reply) => {
    const refusal = refusedForm(request.headers['content-encoding'], request.headers['content-type']);
    if (refusal === undefined) return;
    return refuse(reply, new ApiError('err.request.unsupported_media_type', refusal));
  });
}

/** Why a body in this form is not taken, or undefined. */
export function refusedForm(encoding: string | undefined, type: string | undefined): string | undefined {
  if (encoding !== undefined && encoding.trim().toLowerCase() !== 'identity')
    return 'Send the body unpacked, without Content-Encoding.';
  const charset = CHARSET.exec(type ?? '')?.[1]?.toLowerCase();
  if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8') return 'Send JSON in UTF-8.';
  return undefined;
}

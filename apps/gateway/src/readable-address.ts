import type { FastifyInstance } from 'fastify';
import { ApiError } from './api-error.js';
import { refuse } from './api-refusal.js';

const CONTROL = /[\u0000-\u001f\u007f]/;

/**
 * Refuses every request whose path or query is no plain text, before anything reads it: PostgreSQL keeps neither NUL nor
 * half a surrogate pair, and two readers differ about what cannot be decoded.
 */
export function requireReadableAddress(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', async (request, reply) => {
    if (isReadable(request.raw.url ?? '/')) return;
    return refuse(
      reply,
      new ApiError(
        'err.request.bad',
        'The path or the query holds control characters, or bytes that are no UTF-8: send them as percent-encoded text.',
      ),
    );
  });
}

/** True where an address decodes to text without control characters. */
export function isReadable(url: string): boolean {
  try {
    return !CONTROL.test(decodeURIComponent(url));
  } catch {
    return false;
  }
}

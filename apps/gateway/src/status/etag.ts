import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';

const LISTED = /^\/api\/v1\//;

/**
 * ETag and If-None-Match on what the batch status API answers (RFC 9110, 8.8.3 and 13.1.2): who asks again and again is told
 * 304 while nothing changed. The answer is made all the same; what is saved is the way.
 */
export function answerUnchanged(fastify: FastifyInstance): void {
  fastify.addHook('onSend', (request, reply, payload, done) => {
    const named = request.method === 'GET' || request.method === 'HEAD';
    if (!named || reply.statusCode !== 200 || typeof payload !== 'string' || !LISTED.test(request.url))
      return done(null, payload);
    const tag = `"${createHash('sha256').update(payload).digest('base64url').slice(0, 27)}"`;
    void reply
      .header('ETag', tag)
      .header('Cache-Control', 'private, no-cache')
      .header('Vary', 'Authorization, X-API-Key');
    if (!matches(request.headers['if-none-match'], tag)) return done(null, payload);
    void reply.code(304).removeHeader('Content-Length').removeHeader('Content-Type');
    done(null, null);
  });
}

/** Weak comparison, as If-None-Match asks for. */
function matches(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === tag);
}

import type { Socket } from 'node:net';
import type { FastifyReply } from 'fastify';
import { ApiError, codeOfStatus, errorBody, type ApiErrorCode } from './api-error.js';

/** Where the codes are explained, on this gateway. */
export const ERRORS_PAGE = '/docs/errors';
const RETRY_AFTER_SECONDS = 5;

/** The `Link` header of a refusal: the body keeps the two shapes of the standard and nothing else (D11). */
export function helpLink(code: ApiErrorCode): string {
  return `<${ERRORS_PAGE}#${code}>; rel="help"`;
}

/** Sends a refusal: status, body in both shapes, the link to its explanation, and what HTTP asks for beside it. */
export function refuse(reply: FastifyReply, refusal: ApiError): FastifyReply {
  const { code, message, status, retryAfterSeconds = RETRY_AFTER_SECONDS } = refusal;
  void reply.header('Link', helpLink(code));
  if (status === 401) void reply.header('WWW-Authenticate', 'Basic realm="gpo"');
  const mayWait = status === 503 || status === 429;
  if (mayWait && !reply.hasHeader('Retry-After')) void reply.header('Retry-After', String(retryAfterSeconds));
  return reply.status(status).send(errorBody(code, message));
}

/** What Fastify itself refuses before any hook runs: a path that cannot be decoded, or a part of it that is too long. */
export function refuseUnroutable(error: { statusCode?: number }, reply: FastifyReply): void {
  // 414 has no code of its own: no path of ours is that long.
  const code = codeOfStatus(error.statusCode ?? 400) ?? 'err.request.bad';
  refuse(reply, new ApiError(code, 'The path or a header cannot be read.'));
}

/** What is no HTTP at all is answered with the same body, and the connection ends. */
export function refuseNoHttp(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, words] = error.code === 'HPE_HEADER_OVERFLOW' ? [431, 'Too large'] : [400, 'Bad Request'];
  const body = JSON.stringify(errorBody('err.request.bad', 'The request is not readable HTTP/1.1.'));
  socket.end(
    `HTTP/1.1 ${status} ${words}\r\nContent-Type: application/json; charset=utf-8\r\n` +
      `Link: ${helpLink('err.request.bad')}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

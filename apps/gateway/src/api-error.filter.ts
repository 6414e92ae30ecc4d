import { Catch, HttpException, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { ApiError, codeOfStatus, errorBody, type ApiErrorCode } from './api-error.js';

const TEXT_OF_FASTIFY: Readonly<Partial<Record<ApiErrorCode, string>>> = {
  'err.request.too_large': 'The body is larger than this server takes.',
  'err.request.unsupported_media_type': 'Send application/json.',
  'err.request.timeout': 'The request did not arrive in time; send it again.',
};

const RETRY_AFTER_SECONDS = 5;
// PostgreSQL classes 08 (connection), 53 (resources), 57 (operator intervention), and Node's connection errors.
const AWAY = /^(08|53|57)|^(ECONNREFUSED|ECONNRESET|ETIMEDOUT|EPIPE|ENOTFOUND)$/;

/** Turns every failure into a G2P Connect error body; the inner detail stays in the log. */
@Catch()
export class ApiErrorFilter implements ExceptionFilter {
  private readonly log = new Logger('api');

  catch(error: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const refusal = this.classify(error);
    if (refusal.status === 503) void reply.header('Retry-After', String(RETRY_AFTER_SECONDS));
    if (refusal.status === 401) void reply.header('WWW-Authenticate', 'Basic realm="gpo"');
    void reply.status(refusal.status).send(errorBody(refusal.code, refusal.message));
  }

  private classify(error: unknown): ApiError {
    if (error instanceof ApiError) return error;
    const status = error instanceof HttpException ? error.getStatus() : statusOf(error);
    const code = status === undefined ? undefined : codeOfStatus(status);
    if (status !== undefined && code !== undefined) {
      // Nest's own sentences are written for callers; Fastify's may hold a piece of the request.
      const text = error instanceof HttpException ? error.message : TEXT_OF_FASTIFY[code];
      return new ApiError(code, text ?? 'The request cannot be read.', { cause: error, status });
    }
    if (isAway(error)) {
      this.log.warn(`answered 503: ${String(error)}`);
      return new ApiError(
        'err.service.unavailable',
        'The record is not reachable now; nothing was stored. Send again.',
      );
    }
    this.log.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return new ApiError('err.internal', 'The request failed inside GPO; nothing was stored.');
  }
}

/** Fastify refuses oversized and foreign bodies itself, before a controller is reached. */
function statusOf(error: unknown): number | undefined {
  return error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number'
    ? error.statusCode
    : undefined;
}

/** True where PostgreSQL did not answer, so that the caller should send again later. */
function isAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, driverError } = error as Error & { code?: unknown; driverError?: unknown };
  if (typeof code === 'string' && AWAY.test(code)) return true;
  if (/timeout exceeded when trying to connect|Connection terminated/.test(error.message)) return true;
  return driverError !== undefined && driverError !== error && isAway(driverError);
}

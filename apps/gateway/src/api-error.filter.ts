import { Catch, HttpException, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { ApiError, errorBody, type ApiErrorCode } from './api-error.js';

const CODE_OF_STATUS: Readonly<Record<number, ApiErrorCode>> = {
  400: 'err.request.bad',
  401: 'err.request.unauthorized',
  403: 'err.request.forbidden',
  404: 'err.request.not_found',
  413: 'err.request.too_large',
  415: 'err.request.unsupported_media_type',
};

const TEXT_OF_FASTIFY: Readonly<Partial<Record<ApiErrorCode, string>>> = {
  'err.request.too_large': 'The body is larger than this server takes.',
  'err.request.unsupported_media_type': 'Send application/json.',
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
    if (error instanceof HttpException) {
      const code = CODE_OF_STATUS[error.getStatus()];
      if (code !== undefined) return new ApiError(code, error.message, { cause: error });
    }
    const refused = CODE_OF_STATUS[statusOf(error) ?? 0];
    if (refused !== undefined)
      return new ApiError(refused, TEXT_OF_FASTIFY[refused] ?? 'The request cannot be read.', {
        cause: error,
      });
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

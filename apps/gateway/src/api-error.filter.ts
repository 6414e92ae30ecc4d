import { Catch, HttpException, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { isDatabaseAway } from '@gpo/persistence';
import { ApiError, codeOfStatus, type ApiErrorCode } from './api-error.js';
import { refuse } from './api-refusal.js';

const TEXT_OF_FASTIFY: Readonly<Partial<Record<ApiErrorCode, string>>> = {
  'err.request.too_large': 'The body is larger than this server takes.',
  'err.request.unsupported_media_type': 'Send application/json.',
  'err.request.timeout': 'The request did not arrive in time; send it again.',
};

/** Turns every failure into a G2P Connect error body; the inner detail stays in the log. */
@Catch()
export class ApiErrorFilter implements ExceptionFilter {
  private readonly log = new Logger('api');

  catch(error: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    refuse(reply, this.classify(error));
  }

  private classify(error: unknown): ApiError {
    if (error instanceof ApiError) return error;
    const status = error instanceof HttpException ? error.getStatus() : statusOf(error);
    const code = status === undefined ? undefined : codeOfStatus(status);
    if (status !== undefined && code !== undefined) {
      // Nest's own sentences are written for callers; Fastify's may hold a piece of the request.
      const own = error instanceof HttpException ? error.message : 'The request cannot be read.';
      return new ApiError(code, TEXT_OF_FASTIFY[code] ?? own, { cause: error, status });
    }
    if (isDatabaseAway(error)) {
      this.log.warn(`answered 503: ${String(error)}`);
      return new ApiError(
        'err.service.unavailable',
        'The record is not reachable now and nothing was acknowledged. Send the same message again: a repeat pays nobody twice.',
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

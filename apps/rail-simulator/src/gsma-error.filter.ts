import { Catch, HttpException, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { errorAnswer, isRecord, type ErrorAnswer } from './gsma.message.js';

/** Whatever went wrong outside the controllers (unreadable JSON, unknown path) in the words of the API that was called. */
@Catch()
export class GsmaErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger('http');

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const reply = http.getResponse<FastifyReply>();
    const status = statusOf(error);
    const message = error instanceof Error ? error.message.slice(0, 256) : 'unknown';
    if (status >= 500) this.logger.error(error instanceof Error ? error.stack : message);
    if (http.getRequest<FastifyRequest>().url.startsWith('/paystack/')) {
      void reply.code(status).send({ status: false, message });
      return;
    }
    if (!http.getRequest<FastifyRequest>().url.startsWith('/gsma/')) {
      void reply.code(status).send({ statusCode: status, message });
      return;
    }
    const answer = answerFor(status, message);
    void reply.code(answer.status).send(answer.body);
  }
}

function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  return isRecord(error) && typeof error.statusCode === 'number' ? error.statusCode : 500;
}

function answerFor(status: number, message: string): ErrorAnswer {
  if (status === 404) return errorAnswer('identification', 'genericError', message);
  if (status >= 400 && status < 500) return errorAnswer('validation', 'formatError', message);
  return errorAnswer('internal', 'genericError', message);
}

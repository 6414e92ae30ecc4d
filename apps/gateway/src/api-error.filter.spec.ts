import {
  HttpException,
  MethodNotAllowedException,
  ServiceUnavailableException,
  type ArgumentsHost,
} from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { describe, expect, it } from '@jest/globals';
import { ApiError } from './api-error.js';
import { ApiErrorFilter } from './api-error.filter.js';

/** What the filter sends for an error. */
function answer(error: unknown): { status: number; code: string; headers: Record<string, string> } {
  const sent = { status: 0, code: '', headers: {} as Record<string, string> };
  const reply = {
    hasHeader: () => false,
    header: (name: string, value: string) => Object.assign(sent.headers, { [name]: value }),
    status: (status: number) => {
      sent.status = status;
      return { send: (body: { errors: { code: string }[] }) => (sent.code = body.errors[0]!.code) };
    },
  };
  const host: ArgumentsHost = new ExecutionContextHost([{}, reply]);
  new ApiErrorFilter().catch(error, host);
  return sent;
}

const fastify = (statusCode: number): Error =>
  Object.assign(new Error('a piece of the request'), { statusCode });

describe('every failure has a status that means it', () => {
  it.each<[string, unknown, number, string]>([
    ['a refusal of ours', new ApiError('rjct.action.invalid', 'no'), 400, 'rjct.action.invalid'],
    ['not ready', new ServiceUnavailableException(), 503, 'err.service.unavailable'],
    ['a wrong method', new MethodNotAllowedException(), 405, 'err.request.method_not_allowed'],
    ['a slow request', fastify(408), 408, 'err.request.timeout'],
    ['too many requests', fastify(429), 429, 'err.request.too_many_requests'],
    ['a large body', fastify(413), 413, 'err.request.too_large'],
    ['a foreign type', fastify(415), 415, 'err.request.unsupported_media_type'],
    ['any other refusal', new HttpException('teapot', 418), 418, 'err.request.bad'],
    [
      'PostgreSQL away',
      Object.assign(new Error('x'), { code: 'ECONNREFUSED' }),
      503,
      'err.service.unavailable',
    ],
    ['a fault', new Error('x'), 500, 'err.internal'],
    ['no error at all', 'text', 500, 'err.internal'],
  ])('%s', (_what, error, status, code) => {
    expect(answer(error)).toMatchObject({ status, code });
  });

  it('503 says when to come again', () => {
    expect(answer(new ServiceUnavailableException()).headers).toMatchObject({ 'Retry-After': '5' });
    expect(answer(fastify(429)).headers).toMatchObject({ 'Retry-After': '5' });
  });

  it('every refusal names the place that explains its code', () => {
    expect(answer(new ApiError('rjct.action.invalid', 'no')).headers).toEqual({
      Link: '</docs/errors#rjct.action.invalid>; rel="help"',
    });
  });
});

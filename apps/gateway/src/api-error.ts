import { randomUUID } from 'node:crypto';

/** G2P Connect error codes this API answers with (disburse_core_api_v1.0.0, AckErrorCode) and our additions; see docs/errors.md. */
export type ApiErrorCode =
  | 'err.request.bad'
  | 'err.request.unauthorized'
  | 'err.request.forbidden'
  | 'err.request.not_found'
  | 'err.request.too_late'
  | 'err.request.unsupported_media_type'
  | 'err.request.too_large'
  | 'err.request.too_many_lines'
  | 'err.sender_id.invalid'
  | 'err.version.not_supported'
  | 'err.service.unavailable'
  | 'err.internal'
  | 'rjct.message_ts.invalid'
  | 'rjct.action.invalid'
  | 'rjct.total_count.invalid'
  | 'rjct.total_count.limit_exceeded';

const HTTP_STATUS: Readonly<Record<ApiErrorCode, number>> = {
  'err.request.bad': 400,
  'err.request.unauthorized': 401,
  'err.request.forbidden': 403,
  'err.request.not_found': 404,
  'err.request.too_late': 409,
  'err.request.unsupported_media_type': 415,
  'err.request.too_large': 413,
  'err.request.too_many_lines': 413,
  'err.sender_id.invalid': 400,
  'err.version.not_supported': 400,
  'err.service.unavailable': 503,
  'err.internal': 500,
  'rjct.message_ts.invalid': 400,
  'rjct.action.invalid': 400,
  'rjct.total_count.invalid': 400,
  'rjct.total_count.limit_exceeded': 413,
};

/** A refusal with a public sentence. Never echoes input. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    readonly code: ApiErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  get status(): number {
    return HTTP_STATUS[this.code];
  }
}

/** Both shapes of G2P Connect errors in one body: the Ack with ERR, and HttpErrorResponse (interface A, D11). */
export function errorBody(code: ApiErrorCode, message: string): Record<string, unknown> {
  return {
    message: {
      ack_status: 'ERR',
      timestamp: new Date().toISOString(),
      correlation_id: randomUUID(),
      error: { code, message },
    },
    errors: [{ code, message }],
  };
}

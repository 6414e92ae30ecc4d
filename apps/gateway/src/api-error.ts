import { randomUUID } from 'node:crypto';

/** G2P Connect error codes this API answers with (disburse_core_api_v1.0.0, AckErrorCode) and our additions; see docs/errors.md. */
export type ApiErrorCode =
  | 'err.request.bad'
  | 'err.request.unauthorized'
  | 'err.request.forbidden'
  | 'err.request.not_found'
  | 'err.request.too_late'
  | 'err.request.too_early'
  | 'err.request.stale'
  | 'err.batch.not_closable'
  | 'err.transaction.purged'
  | 'err.request.method_not_allowed'
  | 'err.request.timeout'
  | 'err.request.too_many_requests'
  | 'err.request.unsupported_media_type'
  | 'err.request.too_large'
  | 'err.sender_id.invalid'
  | 'err.sender_uri.invalid'
  | 'err.signature.missing'
  | 'err.signature.invalid'
  | 'err.encryption.invalid'
  | 'err.version.not_supported'
  | 'err.service.unavailable'
  | 'err.internal'
  | 'rjct.message_id.duplicate'
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
  'err.request.too_early': 409,
  'err.request.stale': 409,
  'err.batch.not_closable': 409,
  'err.transaction.purged': 409,
  'err.request.method_not_allowed': 405,
  'err.request.timeout': 408,
  'err.request.too_many_requests': 429,
  'err.request.unsupported_media_type': 415,
  'err.request.too_large': 413,
  'err.sender_id.invalid': 400,
  'err.sender_uri.invalid': 400,
  'err.signature.missing': 401,
  'err.signature.invalid': 401,
  'err.encryption.invalid': 400,
  'err.version.not_supported': 400,
  'err.service.unavailable': 503,
  'err.internal': 500,
  'rjct.message_id.duplicate': 400,
  'rjct.message_ts.invalid': 400,
  'rjct.action.invalid': 400,
  'rjct.total_count.invalid': 400,
  'rjct.total_count.limit_exceeded': 413,
};

/** Every code of the API. */
export const API_ERROR_CODES = Object.keys(HTTP_STATUS) as ApiErrorCode[];

/** Every code that an answer of this HTTP status can carry. */
export function codesOfStatus(status: number): ApiErrorCode[] {
  return API_ERROR_CODES.filter((code) => HTTP_STATUS[code] === status);
}

/** A refusal with a public sentence. Never echoes input. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  /** HTTP status of the answer: the code's own, or the one with which the request was refused before. */
  readonly status: number;

  /** When the same request may be sent again, in seconds. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    readonly code: ApiErrorCode,
    message: string,
    {
      status,
      retryAfterSeconds,
      ...options
    }: ErrorOptions & { status?: number; retryAfterSeconds?: number } = {},
  ) {
    super(message, options);
    this.status = status ?? HTTP_STATUS[code];
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** The code for an HTTP status that something else chose; undefined where it is no refusal of ours to explain. */
export function codeOfStatus(status: number): ApiErrorCode | undefined {
  const found = CODE_OF_STATUS.get(status);
  if (found !== undefined) return found;
  return status >= 400 && status < 500 ? 'err.request.bad' : undefined;
}

const CODE_OF_STATUS: ReadonlyMap<number, ApiErrorCode> = new Map([
  [400, 'err.request.bad'],
  [401, 'err.request.unauthorized'],
  [403, 'err.request.forbidden'],
  [404, 'err.request.not_found'],
  [405, 'err.request.method_not_allowed'],
  [408, 'err.request.timeout'],
  [413, 'err.request.too_large'],
  [415, 'err.request.unsupported_media_type'],
  [429, 'err.request.too_many_requests'],
  [503, 'err.service.unavailable'],
]);

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

import { applyDecorators, type Type } from '@nestjs/common';
import {
  ApiExtraModels,
  ApiHeader,
  ApiOkResponse,
  ApiQuery,
  ApiResponse,
  getSchemaPath,
} from '@nestjs/swagger';
import { STATES } from '../outcome/states.js';
import { PAGE_MAX } from './page-position.js';

const TIME = { type: 'string', format: 'date-time' } as const;

/** A list, as JSON in pages or whole as CSV. */
export function ApiList(type: Type, after: { type: string; minimum?: number }): MethodDecorator {
  return applyDecorators(
    ApiExtraModels(type),
    ApiPage(after),
    ApiQuery({
      name: 'format',
      required: false,
      enum: ['json', 'csv'],
      description:
        'csv: all of them as one file (RFC 4180, UTF-8), without pages. An export cut short ends without its last chunk.',
    }),
    ApiOkResponse({
      description: 'The list.',
      content: {
        'application/json': { schema: { $ref: getSchemaPath(type) } },
        'text/csv': { schema: { type: 'string' } },
      },
    }),
    ApiResponse({ status: 429, description: 'Too many exports are running.' }),
    ApiUnchanged(),
  );
}

/** A list in pages. */
export function ApiPage(after: { type: string; minimum?: number } = { type: 'string' }): MethodDecorator {
  return applyDecorators(
    ApiQuery({ name: 'after', required: false, description: '`next` of the page before.', schema: after }),
    ApiQuery({
      name: 'limit',
      required: false,
      schema: { type: 'integer', minimum: 1, maximum: PAGE_MAX, default: 100 },
    }),
  );
}

/** Which lines of a batch, and how they stood at a time. */
export function ApiLineFilter(): MethodDecorator {
  return applyDecorators(
    ApiQuery({ name: 'state', required: false, enum: STATES }),
    ApiQuery({ name: 'reason', required: false, schema: { type: 'string', maxLength: 256 } }),
    ApiQuery({ name: 'lane', required: false, schema: { type: 'string', maxLength: 256 } }),
    ApiAsOf(),
  );
}

export function ApiAsOf(): MethodDecorator {
  return ApiQuery({
    name: 'as_of',
    required: false,
    description: 'As it stood then. A line counts from the time of its batch on.',
    schema: TIME,
  });
}

/** Which batches. */
export function ApiBatchFilter(): MethodDecorator {
  const amount = { type: 'string', pattern: '^\\d+(\\.\\d+)?$' } as const;
  return applyDecorators(
    ApiQuery({ name: 'sender_id', required: false, schema: { type: 'string', maxLength: 256 } }),
    ApiQuery({ name: 'transaction_id', required: false, schema: { type: 'string', maxLength: 256 } }),
    ApiQuery({
      name: 'state',
      required: false,
      enum: STATES,
      description: 'Batches with a line in this state.',
    }),
    ApiQuery({ name: 'received_from', required: false, description: 'Stored from then on.', schema: TIME }),
    ApiQuery({ name: 'received_to', required: false, description: 'Stored before then.', schema: TIME }),
    ApiQuery({
      name: 'currency_code',
      required: false,
      description: 'Batches with lines in this currency; ISO 4217.',
      schema: { type: 'string', pattern: '^[A-Z]{3}$' },
    }),
    ApiQuery({
      name: 'amount_min',
      required: false,
      description: 'Least sum of all lines in `currency_code`.',
      schema: amount,
    }),
    ApiQuery({
      name: 'amount_max',
      required: false,
      description: 'Largest sum of all lines in `currency_code`.',
      schema: amount,
    }),
  );
}

/** What may be asked again and again: see etag.ts. */
export function ApiUnchanged(): MethodDecorator {
  return applyDecorators(
    ApiHeader({ name: 'If-None-Match', required: false, description: 'ETag of the answer that is at hand.' }),
    ApiResponse({ status: 304, description: 'The same as the answer with this ETag.' }),
  );
}

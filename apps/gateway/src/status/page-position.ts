import { UUID } from '@gpo/g2p-connect-schemas';
import { ApiError } from '../api-error.js';

/** UTC with microseconds, as PostgreSQL keeps it: in milliseconds, rows of one millisecond would be lost between pages. */
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?Z$/;

/** Where a keyset page begins: after this time, and after this id among those of the same time. */
export interface PagePosition {
  at: string;
  id: string;
}

/** The `next` of a page. */
export function pagePosition({ at, id }: PagePosition): string {
  return `${at}~${id}`;
}

/** Reads the `next` of a page before. @throws ApiError when it is not one. */
export function readPagePosition(value: unknown): PagePosition {
  const [at, id] = typeof value === 'string' ? value.split('~', 2) : [];
  if (
    at === undefined ||
    id === undefined ||
    !UUID.test(id) ||
    !TIME.test(at) ||
    Number.isNaN(Date.parse(at))
  )
    throw new ApiError('err.request.bad', 'after must be the `next` of the page before.');
  return { at, id };
}

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

/** Most rows of one page. */
export const PAGE_MAX = 1000;

/** Reads the `limit` of a page; 100 where it is absent. @throws ApiError when it is no whole number from 1 to PAGE_MAX. */
export function readPageLimit(value: unknown): number {
  if (value === undefined) return 100;
  const limit = typeof value === 'string' && /^\d{1,5}$/.test(value) ? Number(value) : NaN;
  if (!(limit >= 1 && limit <= PAGE_MAX))
    throw new ApiError('err.request.bad', `limit must be a whole number from 1 to ${PAGE_MAX}.`);
  return limit;
}

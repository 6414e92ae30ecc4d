import { UUID } from '@gpo/g2p-connect-schemas';
import { isInstant } from '@gpo/persistence';
import { ApiError } from '../api-error.js';

/** Where a keyset page begins: after this time (to the microsecond: in milliseconds, rows of one would be lost between pages), and after this id among those of the same time. */
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
  if (at === undefined || id === undefined || !UUID.test(id) || !isInstant(at))
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

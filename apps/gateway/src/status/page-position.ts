import { UUID } from '@gpo/g2p-connect-schemas';
import { ApiError } from '../api-error.js';

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
  if (at === undefined || id === undefined || !UUID.test(id) || Number.isNaN(Date.parse(at)))
    throw new ApiError('err.request.bad', 'after must be the `next` of the page before.');
  return { at, id };
}

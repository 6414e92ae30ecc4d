import { UUID, dayText, isDay } from '@gpo/g2p-connect-schemas';
import { BREAK_KINDS, BREAK_STATES, type BreakFilter, type PositionQuery } from '@gpo/reconciliation';
import { ApiError } from '../api-error.js';
import { text } from '../status/batch.query.js';
import { readPageLimit, readPagePosition } from '../status/page-position.js';

type Query = Readonly<Record<string, unknown>>;

const DAY_MS = 86_400_000;
/** Days of one answer. */
export const POSITION_DAYS_MAX = 92;
const DAYS_BEFORE = 6;

/** @throws ApiError that names the parameter. */
export function readBreakFilter(query: Query): BreakFilter {
  const filter: BreakFilter = { limit: readPageLimit(query.limit) + 1 };
  const [lane, kind, state] = ['lane', 'kind', 'state'].map((name) => text(query, name));
  const batchId = text(query, 'batch_id');
  if (lane !== undefined) filter.lane = lane;
  if (kind !== undefined) filter.kind = oneOf(BREAK_KINDS, kind, 'kind');
  if (state !== undefined) filter.state = oneOf(BREAK_STATES, state, 'state');
  if (batchId !== undefined) {
    if (!UUID.test(batchId)) throw new ApiError('err.request.bad', 'batch_id must be a UUID.');
    filter.batchId = batchId;
  }
  if (query.after !== undefined) filter.after = readPagePosition(query.after);
  return filter;
}

function oneOf<T extends string>(words: readonly T[], word: string, name: string): T {
  const found = words.find((one) => one === word);
  if (found === undefined)
    throw new ApiError('err.request.bad', `${name} must be one of ${words.join(', ')}.`);
  return found;
}

/** The last week where nothing is said. @throws ApiError that names the parameter. */
export function readPositionQuery(query: Query): PositionQuery {
  const to = readDay(query, 'to') ?? dayText(Date.now());
  const from = readDay(query, 'from') ?? dayText(Date.parse(to) - DAYS_BEFORE * DAY_MS);
  const days = (Date.parse(to) - Date.parse(from)) / DAY_MS + 1;
  if (days < 1 || days > POSITION_DAYS_MAX)
    throw new ApiError('err.request.bad', `from to to must be 1 to ${POSITION_DAYS_MAX} days.`);
  const [lane, account] = [text(query, 'lane'), text(query, 'account')];
  const asked: PositionQuery = { from, to };
  if (lane !== undefined) asked.lane = lane;
  if (account !== undefined) asked.account = account;
  return asked;
}

/** A day as `YYYY-MM-DD`. @throws ApiError that names the parameter. */
export function readDay(query: Query, name: string): string | undefined {
  const day = text(query, name);
  if (day === undefined) return undefined;
  if (!isDay(day)) throw new ApiError('err.request.bad', `${name} must be a day such as 2026-03-31.`);
  return day;
}

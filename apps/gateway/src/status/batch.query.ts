import { currencyExponent, parseAmount, UUID } from '@gpo/g2p-connect-schemas';
import { isInstant } from '@gpo/persistence';
import { ApiError } from '../api-error.js';
import { STATES, type State } from '../outcome/states.js';
import { readPagePosition, type PagePosition } from './page-position.js';

/** Which batches are asked for; what is undefined does not matter. */
export interface BatchFilter {
  /** Only this sender's batches; undefined = all (auditor). */
  senderId?: string;
  /** Only of this sender; where the one above is another, there are none. */
  ofSender?: string;
  batchId?: string;
  transactionId?: string;
  /** Only batches with a line in this state. */
  state?: State;
  /** Stored from then on, and before then. */
  from?: string;
  to?: string;
  /** Sum of all its lines in this currency, in minor units. */
  amount?: { currency: string; least?: bigint; most?: bigint };
  /** Position after which the page begins. */
  after?: PagePosition;
  /** undefined = all, for an export. */
  limit?: number;
}

/** Which lines of a batch are asked for. */
export interface LineFilter {
  /** Only of this sender's batches; undefined = of all (auditor). */
  senderId?: string;
  state?: State;
  reason?: string;
  lane?: string;
  /** As they stood then; undefined = now. */
  asOf?: string;
}

type Query = Readonly<Record<string, unknown>>;

/** @throws ApiError that names the parameter. */
export function readBatchFilter(query: Query): BatchFilter {
  const filter: BatchFilter = {};
  const [ofSender, transactionId] = [text(query, 'sender_id'), text(query, 'transaction_id')];
  const state = readState(query);
  const [from, to] = [readTime(query, 'received_from'), readTime(query, 'received_to')];
  const amount = readAmounts(query);
  if (ofSender !== undefined) filter.ofSender = ofSender;
  if (transactionId !== undefined) filter.transactionId = transactionId;
  if (state !== undefined) filter.state = state;
  if (from !== undefined) filter.from = from;
  if (to !== undefined) filter.to = to;
  if (amount !== undefined) filter.amount = amount;
  if (query.after !== undefined) filter.after = readPagePosition(query.after);
  return filter;
}

/** @throws ApiError that names the parameter. */
export function readLineFilter(query: Query): LineFilter {
  const filter: LineFilter = {};
  const [state, reason, lane] = [readState(query), text(query, 'reason'), text(query, 'lane')];
  const asOf = readTime(query, 'as_of');
  if (state !== undefined) filter.state = state;
  if (reason !== undefined) filter.reason = reason;
  if (lane !== undefined) filter.lane = lane;
  if (asOf !== undefined) filter.asOf = asOf;
  return filter;
}

/** A point of time with its offset, as PostgreSQL reads it. @throws ApiError that names the parameter. */
export function readTime(query: Query, name: string): string | undefined {
  const value = text(query, name);
  if (value === undefined) return undefined;
  if (!isInstant(value)) throw bad(`${name} must be a time such as 2026-03-01T18:00:00Z.`);
  return value;
}

const TEXT_MAX = 256;

/** Whether a list is asked for as CSV. @throws ApiError on any other form. */
export function wantsCsv(query: Query): boolean {
  const format = text(query, 'format') ?? 'json';
  if (format !== 'json' && format !== 'csv') throw bad('format must be json or csv.');
  return format === 'csv';
}

/** An id in a path: what is none names nothing. */
export function readPathId(id: string): string {
  if (!UUID.test(id)) throw new ApiError('err.request.not_found', 'There is no such batch or disbursement.');
  return id;
}

/** One text parameter. @throws ApiError that names it. */
export function text(query: Query, name: string): string | undefined {
  const value = query[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value.length > TEXT_MAX || value.includes('\u0000'))
    throw bad(`${name} must be one text of at most ${TEXT_MAX} characters.`);
  return value;
}

function readState(query: Query): State | undefined {
  const value = text(query, 'state');
  if (value === undefined) return undefined;
  const state = STATES.find((one) => one === value);
  if (state === undefined) throw bad(`state must be one of ${STATES.join(', ')}.`);
  return state;
}

function readAmounts(query: Query): BatchFilter['amount'] {
  const [currency, least, most] = ['currency_code', 'amount_min', 'amount_max'].map((name) =>
    text(query, name),
  );
  if (currency === undefined) {
    if (least !== undefined || most !== undefined)
      throw bad(
        'amount_min and amount_max need a currency_code: sums of different currencies do not compare.',
      );
    return undefined;
  }
  if (currencyExponent(currency) === undefined) throw bad('currency_code must be a code of ISO 4217.');
  return {
    currency,
    ...(least === undefined ? {} : { least: minor(least, currency, 'amount_min') }),
    ...(most === undefined ? {} : { most: minor(most, currency, 'amount_max') }),
  };
}

function minor(value: string, currency: string, name: string): bigint {
  const amount = parseAmount(value, currency);
  if (!amount.ok)
    throw bad(`${name} must be a decimal amount above 0, with no more decimals than ${currency} has.`);
  return amount.minor;
}

function bad(sentence: string): ApiError {
  return new ApiError('err.request.bad', sentence);
}

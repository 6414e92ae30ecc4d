import type { Outcome, OutcomeFact } from '../connector.js';
import { isObject, type RailAnswer } from '../rail-http.js';
import { meaningOf, PAYSTACK_CODES, PAYSTACK_STATUSES, wordOf, type CodeMeaning } from './paystack.codes.js';

/** Pure translation of what Paystack answers. Code table: MAPPING.md. */

const RAW_TEXT_MAX = 256;

/** The part of a transfer that decides: components/schemas/TransferCreateResponse and its siblings. */
export interface Transfer {
  reference: string;
  status: string;
  transferCode: string | undefined;
}

/** What an answer other than a transfer means; the connector acts on it. */
export type Refusal =
  | { kind: 'rejected'; retryable: boolean; reason: (CodeMeaning & { kind: 'permanent' })['reason'] }
  | { kind: 'duplicate' | 'stale_recipient' | 'throttled' | 'auth' | 'configuration' | 'payer_funds' }
  | { kind: 'unknown'; why: string };

/** The rail's own words of a refusal, for the record. */
export interface RailWords {
  rawCode?: string;
  rawText?: string;
}

/** `data` of an answer to POST /transfer, GET /transfer/verify or one item of a bulk answer. */
export function readTransfer(value: unknown): Transfer | undefined {
  if (!isObject(value)) return undefined;
  const { reference, status, transfer_code: code } = value;
  if (typeof reference !== 'string' || typeof status !== 'string') return undefined;
  return { reference, status, transferCode: typeof code === 'string' && code !== '' ? code : undefined };
}

/** True for an answer that carries what was asked for; `status` is the envelope's success flag. */
export function isGood(answer: RailAnswer): boolean {
  return (answer.status === 200 || answer.status === 201) && answer.body?.status === true;
}

/** A transfer as outcome. */
export function transferOutcome(railId: string, transfer: Transfer, pollAfterMs: number): Outcome {
  const { status, transferCode } = transfer;
  return {
    railId,
    at: new Date(),
    rawCode: status.slice(0, RAW_TEXT_MAX),
    ...(transferCode === undefined ? {} : { railReference: transferCode }),
    ...(status === 'otp' ? { laneTrouble: OTP_TROUBLE } : {}),
    ...statusFact(status, pollAfterMs),
  };
}

/** An answer that carries no transfer. HTTP status alone decides only what HTTP itself defines: 401, 403, 429. */
export function refusalOf(answer: RailAnswer): Refusal {
  const { status } = answer;
  const word = wordOf(text(answer.body?.code), text(answer.body?.message));
  if (status >= 500) return { kind: 'unknown', why: `answered ${status}` };
  if (status === 429) return { kind: 'throttled' };
  const meaning =
    word === undefined || answer.body?.status !== false ? undefined : meaningOf(PAYSTACK_CODES, word);
  if (meaning === undefined && (status === 401 || status === 403)) return { kind: 'auth' };
  switch (meaning?.kind) {
    case 'permanent':
    case 'retryable':
      return { kind: 'rejected', retryable: meaning.kind === 'retryable', reason: meaning.reason };
    case 'duplicate':
    case 'stale_recipient':
    case 'throttled':
    case 'auth':
    case 'configuration':
    case 'payer_funds':
      return { kind: meaning.kind };
    default:
      return {
        kind: 'unknown',
        why: `answered ${status} ${word ?? 'without a code'}`.slice(0, RAW_TEXT_MAX),
      };
  }
}

export function wordsOf({ body }: RailAnswer): RailWords {
  const code = wordOf(text(body?.code), text(body?.message));
  const sentence = text(body?.message);
  return {
    ...(code === undefined ? {} : { rawCode: code.slice(0, RAW_TEXT_MAX) }),
    ...(sentence === undefined ? {} : { rawText: sentence.slice(0, RAW_TEXT_MAX) }),
  };
}

/** The rail states that it does not know the reference; a bare 404 may come from a wrong address. */
export function saysUnknownReference({ status, body }: RailAnswer): boolean {
  const known = /^(transfer|entity)\b.*\bnot found\b/i.test(text(body?.message) ?? '');
  return (status === 404 || status === 400) && body?.status === false && known;
}

/** One answer per reference; a reference that the rail names twice with different words is not believed. */
export function readBulk(answer: RailAnswer): ReadonlyMap<string, Transfer> | undefined {
  const data = answer.body?.data;
  if (!isGood(answer) || !Array.isArray(data)) return undefined;
  const found = new Map<string, Transfer>();
  for (const transfer of data.map(readTransfer)) {
    if (transfer === undefined) continue;
    const before = found.get(transfer.reference);
    const status = before === undefined || before.status === transfer.status ? transfer.status : CONTRADICTED;
    found.set(transfer.reference, { ...transfer, status });
  }
  return found;
}

const CONTRADICTED = 'contradicted';
const OTP_TROUBLE = {
  kind: 'configuration',
  message: 'transfers wait for a one-time password: turn it off in the dashboard of the rail',
} as const;

function statusFact(status: string, pollAfterMs: number): OutcomeFact {
  const meaning = meaningOf(PAYSTACK_STATUSES, status);
  switch (meaning?.kind) {
    case 'settled':
      return { kind: 'settled' };
    case 'accepted':
      return { kind: 'accepted', pollAfterMs };
    case 'returned':
      return { kind: 'returned', reason: 'reversed' };
    case 'permanent':
    case 'retryable':
      return { kind: 'rejected', retryable: meaning.kind === 'retryable', reason: meaning.reason };
    default:
      return { kind: 'unknown', why: `status ${status.slice(0, RAW_TEXT_MAX)} is not in the table` };
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

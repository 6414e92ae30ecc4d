import type { Outcome, OutcomeFact } from '../connector.js';
import type { RailAnswer } from '../rail-http.js';
import { GSMA_CODES, recordedMeaning } from './gsma.codes.js';
import type { GsmaConfig, TransactionMeaning } from './gsma.config.js';
import { cut } from './gsma.mapping.js';

/** Pure translation of what a GSMA provider answers. Code table: MAPPING.md. */

const RAW_TEXT_MAX = 256;

/** What the answer to the POST means; the connector acts on everything but 'outcome'. */
export type SubmitMeaning =
  | { kind: 'outcome'; outcome: Outcome }
  | { kind: 'duplicate' | 'throttled' | 'auth' | 'payer_funds' }
  | { kind: 'unreadable'; why: string };

export function submitMeaning(railId: string, answer: RailAnswer, config: GsmaConfig): SubmitMeaning {
  const { status, body } = answer;
  if (status === 201 || status === 202) {
    const outcome = body && (status === 201 ? transactionOutcome : requestStateOutcome)(railId, body, config);
    return outcome
      ? { kind: 'outcome', outcome }
      : { kind: 'unreadable', why: `unreadable body of ${status}` };
  }
  const refusal = refusalKind(answer);
  if (refusal !== undefined) return { kind: refusal };
  const error = errorOf(body);
  if (error === undefined || ![400, 401, 404].includes(status)) {
    return { kind: 'unreadable', why: `answered ${status} ${error?.code ?? 'without an error code'}` };
  }
  const meaning = GSMA_CODES[error.code];
  if (meaning?.kind === 'permanent' || meaning?.kind === 'retryable') {
    const fact = {
      kind: 'rejected',
      retryable: meaning.kind === 'retryable',
      reason: meaning.reason,
    } as const;
    return { kind: 'outcome', outcome: withError(railId, error, fact) };
  }
  const why = `code ${error.code} is not in the table`;
  return { kind: 'outcome', outcome: withError(railId, error, { kind: 'unknown', why }) };
}

/**
 * Answers that say "not taken", to any request. 401 and 403 without a GSMA code come from a gateway in front of the
 * provider and were not applied (RFC 9110, 15.5.2 and 15.5.4); 429 likewise (RFC 6585, 4).
 */
export function refusalKind(
  answer: RailAnswer,
): 'duplicate' | 'throttled' | 'auth' | 'payer_funds' | undefined {
  const error = errorOf(answer.body);
  if (answer.status === 503 && error?.category === 'serviceUnavailable') return 'throttled';
  if (answer.status === 429) return 'throttled';
  if ((answer.status === 401 || answer.status === 403) && error === undefined) return 'auth';
  if (![400, 401, 404].includes(answer.status) || error === undefined) return undefined;
  const kind = GSMA_CODES[error.code]?.kind;
  return kind === 'permanent' || kind === 'retryable' ? undefined : kind;
}

/** The rail states that it does not know what was asked for; a bare 404 may come from a wrong address. */
export function saysUnknownId(answer: RailAnswer): boolean {
  return answer.status === 404 && errorOf(answer.body)?.code === 'identifierError';
}

/** components/schemas/responseTransaction; undefined when it is none. */
export function transactionOutcome(railId: string, body: Body, config: GsmaConfig): Outcome | undefined {
  const status = text(body.transactionStatus);
  if (status === undefined) return undefined;
  const reference = text(body.transactionReference);
  const meaning = config.transactionStatuses.get(status.toLowerCase()) ?? STATUSES.get(status.toLowerCase());
  return {
    railId,
    at: new Date(),
    rawCode: cut(status, RAW_TEXT_MAX),
    ...(reference === undefined ? {} : { railReference: reference }),
    ...statusFact(meaning, status, config),
  };
}

/** components/schemas/requestStateObject; 'completed' says that there is a transaction, not what became of it. */
export function requestStateOutcome(railId: string, body: Body, config: GsmaConfig): Outcome | undefined {
  const status = text(body.status);
  const handle = text(body.serverCorrelationId);
  if (status === undefined || handle === undefined) return undefined;
  const reference = text(body.objectReference);
  const ids = { railHandle: handle, ...(reference === undefined ? {} : { railReference: reference }) };
  if (status === 'failed') {
    const recorded = isBody(body.error) ? recordOutcome(railId, body.error) : undefined;
    const why = 'the request failed without an error';
    return { ...(recorded ?? { railId, at: new Date(), kind: 'unknown', why }), ...ids };
  }
  if (status !== 'pending' && status !== 'completed') return undefined;
  const pollAfterMs = status === 'completed' ? 0 : config.pollAfterMs;
  return { railId, at: new Date(), ...ids, kind: 'accepted', pollAfterMs };
}

/** The error that a failed request left behind: definite. */
export function recordOutcome(railId: string, body: Body): Outcome | undefined {
  const error = errorOf(body);
  if (error === undefined) return undefined;
  const meaning = recordedMeaning(error.category, error.code);
  if (meaning.kind === 'unknown') {
    return withError(railId, error, { kind: 'unknown', why: `code ${error.code} is not in the table` });
  }
  const retryable = meaning.kind === 'retryable';
  return withError(railId, error, { kind: 'rejected', retryable, reason: meaning.reason });
}

type Body = Record<string, unknown>;

interface RailFault {
  category: string;
  code: string;
  text: string | undefined;
}

/** transactionStatus is free text: these are the words of the guidelines, lanes may add their provider's. */
const STATUSES: ReadonlyMap<string, TransactionMeaning> = new Map([
  ['completed', 'settled'],
  ['reversed', 'returned'],
  ['pending', 'accepted'],
  ['in progress', 'accepted'],
]);

function statusFact(
  meaning: TransactionMeaning | undefined,
  status: string,
  config: GsmaConfig,
): OutcomeFact {
  if (meaning === 'settled') return { kind: 'settled' };
  if (meaning === 'returned') return { kind: 'returned', reason: 'reversed' };
  if (meaning === 'accepted') return { kind: 'accepted', pollAfterMs: config.pollAfterMs };
  if (meaning === 'rejected') return { kind: 'rejected', retryable: false, reason: 'declined' };
  return { kind: 'unknown', why: `transactionStatus ${cut(status, RAW_TEXT_MAX)} is not in the table` };
}

function withError(railId: string, error: RailFault, fact: OutcomeFact): Outcome {
  const rawText = error.text === undefined ? {} : { rawText: cut(error.text, RAW_TEXT_MAX) };
  return { railId, at: new Date(), rawCode: cut(error.code, RAW_TEXT_MAX), ...rawText, ...fact };
}

/** The spec spells the field `errordescription`, its prose `errorDescription`. */
function errorOf(body: Body | undefined): RailFault | undefined {
  const code = text(body?.errorCode);
  if (body === undefined || code === undefined) return undefined;
  const description = text(body.errordescription) ?? text(body.errorDescription);
  return { code, category: text(body.errorCategory) ?? '', text: description };
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function isBody(value: unknown): value is Body {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

import {
  HttpNotSent,
  type OutboundAnswer,
  type OutboundHttp,
  type OutboundRequest,
} from '@gpo/outbound-http';
import { NotSent, OutcomeUnknown } from './rail-error.js';

/** A rail's words over HTTP: status, the JSON object of the body if there is one, and Retry-After. */
export interface RailAnswer {
  status: number;
  body: Record<string, unknown> | undefined;
  retryAfterMs: number | undefined;
}

/**
 * The one way from a connector to a rail over HTTP: nothing is sent twice, nothing is interpreted.
 * @throws NotSent when no byte left; OutcomeUnknown when bytes may have left and no complete answer came.
 */
export async function exchange(http: OutboundHttp, request: OutboundRequest): Promise<RailAnswer> {
  try {
    return readAnswer(await http.send(request));
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : 'no answer';
    throw cause instanceof HttpNotSent
      ? new NotSent(message, { cause })
      : new OutcomeUnknown(message, { cause });
  }
}

/** Milliseconds until the monotonic `deadline`, at most `mostMs`. @throws NotSent when there are none. */
export function timeLeft(deadline: number, mostMs: number): number {
  const left = Math.floor(deadline - performance.now());
  if (left <= 0) throw new NotSent('no time left');
  return Math.min(left, mostMs);
}

function readAnswer(answer: OutboundAnswer): RailAnswer {
  let body: Record<string, unknown> | undefined;
  try {
    const parsed: unknown = JSON.parse(answer.body.toString('utf8'));
    if (isObject(parsed)) body = parsed;
  } catch {
    body = undefined; // Whoever reads the answer treats a body that is not an object as unreadable.
  }
  const seconds = Number(answer.headers['retry-after'] ?? Number.NaN);
  const retryAfterMs = Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
  return { status: answer.status, body, retryAfterMs };
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

import { UnreadableRecord } from './record.js';

/** Largest attempt number that the attempt table holds. */
const ATTEMPT_MAX = 32_767;

/** The `attempt` of a record; absent means the first. @throws UnreadableRecord when it is not a whole number from 1. */
export function readAttemptNo(value: Readonly<Record<string, unknown>>): number {
  const attemptNo = value.attempt ?? 1;
  if (
    typeof attemptNo !== 'number' ||
    !Number.isInteger(attemptNo) ||
    attemptNo < 1 ||
    attemptNo > ATTEMPT_MAX
  ) {
    throw new UnreadableRecord('attempt is not a whole number from 1');
  }
  return attemptNo;
}

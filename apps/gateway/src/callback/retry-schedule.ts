/** Waits are made up to this part longer, so that many callbacks to one receiver do not come back at the same instant. */
const JITTER = 0.1;

/**
 * How long to wait after a try that was not taken.
 * @param schedule waits in seconds (CALLBACK_RETRY_SECONDS).
 * @param random from 0 to 1.
 * @returns seconds; null after the last try.
 */
export function waitSeconds(
  schedule: readonly number[],
  { tries, schedule_start }: { tries: number; schedule_start: number },
  random: number = Math.random(),
): number | null {
  const wait = schedule[tries - schedule_start - 1];
  return wait === undefined ? null : wait * (1 + JITTER * random);
}

/** The waits that are still to come after the try that is due next. */
export function remainingWaits(
  schedule: readonly number[],
  { tries, schedule_start }: { tries: number; schedule_start: number },
): readonly number[] {
  return schedule.slice(tries - schedule_start);
}

import type { Sql } from '@gpo/persistence';
import type { Outcome, SubmitError } from '../connector.js';
import { InvalidInstruction, LaneStopped, NotSent, Throttled } from '../rail-error.js';

/**
 * What one call says of the rail: it `answered`, whatever it said of the payee; it was `silent`, so that nobody knows;
 * or it says nothing, because another rule looks after it.
 */
export type Trust = 'answered' | 'silent' | 'nothing';

/** @param inTime the lease had not ended: a call that this process was too late for says nothing of the rail. */
export function trustOfError(error: unknown, inTime: boolean): Trust {
  if (error instanceof Throttled) return 'answered';
  if (error instanceof LaneStopped || error instanceof InvalidInstruction) return 'nothing';
  if (error instanceof NotSent && !inTime) return 'nothing';
  return 'silent';
}

/** One trustworthy answer to one item of a call is enough. */
export function trustOfResults(results: readonly (Outcome | SubmitError)[], inTime: boolean): Trust {
  const each = results.map((result) => {
    if (result.kind === 'error') return trustOfError(result.error, inTime);
    return result.kind === 'unknown' ? 'silent' : 'answered';
  });
  return (['answered', 'silent'] as const).find((trust) => each.includes(trust)) ?? 'nothing';
}

const RESET_EVERY_MS = 1000;

/**
 * Counts the calls in a row that a lane's rail did not answer, over all processes together: the count stands in the
 * lane's row. A silence costs an update, an answer costs one at most every second.
 */
export class LaneBreaker {
  private clean = Number.NEGATIVE_INFINITY;
  private answers = 0;

  constructor(
    private readonly sql: Sql,
    private readonly lane: string,
    /** So many silences in a row open the circuit. */
    private readonly after: number,
  ) {}

  /** @returns true where the lane has to be stopped now. */
  async note(trust: Trust): Promise<boolean> {
    if (trust === 'silent') {
      this.clean = Number.NEGATIVE_INFINITY;
      const { answers } = this;
      const [rows] = await this.sql.query<[{ silences: number }[], number]>(
        'UPDATE lane SET silences = silences + 1 WHERE lane = $1 RETURNING silences',
        [this.lane],
      );
      // After this process stood still, all time limits end before the answers that came meanwhile are read: those silences
      // stand in a row, and their rail is not silent.
      return (rows[0]?.silences ?? 0) >= this.after && this.answers === answers;
    }
    if (trust === 'answered') this.answers += 1;
    // Another process may have counted silences meanwhile: the rail that answers us is not silent.
    if (trust === 'answered' && performance.now() - this.clean > RESET_EVERY_MS) {
      this.clean = performance.now();
      await this.sql.query('UPDATE lane SET silences = 0 WHERE lane = $1 AND silences > 0', [this.lane]);
    }
    return false;
  }
}

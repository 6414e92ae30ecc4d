import { SeededRandom } from '../../apps/rail-simulator/src/seeded-random.js';

/** A repeatable random source, so that a run can be told again from its seed. */
export class Random extends SeededRandom {
  /** A whole number from 0 up to, not including, `limit`. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }
}

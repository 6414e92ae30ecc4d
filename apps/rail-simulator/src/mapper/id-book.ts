import { createHash } from 'node:crypto';
import { SeededRandom } from '../seeded-random.js';

/** What the mapper knows and how it fails. */
export interface MapperManner {
  seed: number;
  /** Ids per cent that it knows; which ones is fixed by the seed. */
  knownPercent: number;
  /** Calls per cent that end without an answer of use. */
  failPercent: number;
}

/** Ids and telephone numbers: the same id always has the same number, so that anybody can reckon where it must be paid. */
export class IdBook {
  private readonly random: SeededRandom;

  constructor(private readonly manner: MapperManner) {
    this.random = new SeededRandom(manner.seed);
  }

  /** The wallet of a beneficiary id; undefined where the mapper does not know it. Never one of the numbers with a fault. */
  numberOf(id: string): string | undefined {
    const digest = createHash('sha256').update(`${this.manner.seed} ${id}`).digest();
    if (digest.readUInt32BE(0) % 100 >= this.manner.knownPercent) return undefined;
    return `+2547${10_000_000 + (digest.readUInt32BE(4) % 9_000_000)}`;
  }

  /** True where this call is to fail. */
  fails(): boolean {
    return this.random.next() * 100 < this.manner.failPercent;
  }
}

import { afterAll, beforeAll, describe } from '@jest/globals';
import { officialPart } from './official.part-spec.js';
import { batchParts } from './batch.part-spec.js';
import { networkParts } from './network.part-spec.js';
import { wordParts } from './words.part-spec.js';
import type { ConformanceRig } from './rig-spec.js';

/**
 * What every connector must pass, with a rig of its own. Part 10 (kill -9 between any two steps) needs whole processes:
 * apps/gateway/test/kill.e2e-spec.ts. Part 11 (limits over all processes) needs a database: limits.part-spec.ts.
 */
export function conformance(name: string, rig: ConformanceRig): void {
  describe(`${name} conforms`, () => {
    beforeAll(() => rig.start(), 60_000);
    afterAll(() => rig.stop());
    wordParts(rig);
    networkParts(rig);
    batchParts(rig);
    officialPart(rig);
  });
}

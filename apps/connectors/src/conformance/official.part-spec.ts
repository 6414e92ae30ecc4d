import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { FaultProxy } from './fault-proxy-spec.js';
import { hasChecker, OfficialChecker, uncheckedBodies } from './official-checker-spec.js';
import { queryOne, submitOne, untilKind, type ConformanceRig } from './rig-spec.js';

/** Part 3: the rail's published description judges every message, after it has refused planted ones. */
export function officialPart(rig: ConformanceRig): void {
  const { spec, paths, account, upstreamPath, planted } = rig.official;
  const withChecker = hasChecker(spec) ? describe : describe.skip;
  withChecker('3. official checker (skipped without the shared folder or Prism)', () => {
    let proxy: FaultProxy;
    let checker: OfficialChecker;
    let base: string;

    beforeAll(async () => {
      proxy = new FaultProxy(rig.base);
      checker = new OfficialChecker(spec, `${await proxy.start()}${upstreamPath}`);
      base = await checker.start();
    }, 90_000);
    afterAll(async () => {
      await checker.stop();
      await proxy.stop();
    });

    it('reads every body of the paths that are used', () => {
      expect(uncheckedBodies(spec, paths)).toMatch(/ operations, \d+ bodies, 0 silently unchecked$/);
    }, 90_000);

    it.each(planted)('refuses a planted request: $title', async ({ path, headers, body }) => {
      const before = proxy.seen.length;
      const init = { method: 'POST', headers: { ...headers, 'Content-Type': 'application/json' } };
      const answer = await fetch(`${base}${path}`, { ...init, body: JSON.stringify(body) });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.status).toBeLessThan(500);
      expect(proxy.seen.length).toBe(before);
    });

    it('passes what the connector says and what the rail answers', async () => {
      const lane = rig.lane({ base, account });
      for (const change of [
        {},
        { note: '💸'.repeat(300), payeeName: 'አቤል' },
        { note: '' },
        { amountMinor: 1n },
      ]) {
        const item = rig.instruction(undefined, change);
        const answer = await submitOne(lane, item);
        // The error in the comparison tells what the checker disliked.
        expect([answer.kind, answer.kind === 'thrown' && answer.error]).toEqual(['accepted', false]);
        await untilKind(lane, item, 'settled');
      }
      const refused = rig.instruction('9990001');
      expect((await submitOne(lane, refused)).kind).toBe('rejected');
      const never = { ...rig.instruction(), railId: randomUUID() };
      expect((await queryOne(lane, never)).kind).toBe('absent');
      expect(checker.violations()).toEqual([]);
    }, 60_000);
  });
}

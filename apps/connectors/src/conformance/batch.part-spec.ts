import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Instruction, Outcome, SubmitError } from '../connector.js';
import { InvalidInstruction } from '../rail-error.js';
import { FaultProxy } from './fault-proxy-spec.js';
import { ctx, untilKind, type ConformanceRig } from './rig-spec.js';

const ITEMS = 6;

/** Part 9: every item of a batch has exactly one answer. */
export function batchParts(rig: ConformanceRig): void {
  const edit = rig.editBatch?.bind(rig);
  (edit === undefined ? describe : describe.skip)('9. a rail that takes one at a time', () => {
    it('refuses two, and sends neither', async () => {
      const items = [rig.instruction(), rig.instruction()];
      await expect(rig.lane().connector.submit(items, ctx)).rejects.toBeInstanceOf(InvalidInstruction);
      for (const item of items) expect(await rig.paid(item)).toBe(0);
    });
  });

  (edit === undefined ? describe.skip : describe)('9. batches', () => {
    let proxy: FaultProxy;
    let base: string;
    beforeAll(async () => {
      proxy = new FaultProxy(rig.base);
      base = await proxy.start();
    });
    afterAll(() => proxy.stop());

    const batch = (): Instruction[] => Array.from({ length: ITEMS }, () => rig.instruction());
    const oneEach = (items: readonly Instruction[], results: readonly (Outcome | SubmitError)[]): void =>
      expect(results.map(({ railId }) => railId).sort()).toEqual(items.map(({ railId }) => railId).sort());

    it.each(['fewer', 'more', 'reordered'] as const)(
      'an answer with %s items gives each exactly one outcome, and those left out are unknown',
      async (how) => {
        const lane = rig.lane({ base, maxItems: 50 });
        const items = batch();
        proxy.arm((method, path) => rig.movesMoney(method, path), {
          answer: ({ body }) => ({ body: edit!(body, how) }),
        });
        const results = await lane.connector.submit(items, ctx);
        oneEach(items, results);
        const unknown = results.filter(({ kind }) => kind === 'unknown').length;
        expect(unknown).toBe(how === 'fewer' ? 1 : 0);
        for (const item of items) {
          await untilKind(lane, item, 'settled');
          expect(await rig.paid(item)).toBe(1);
        }
      },
    );

    it('one refused item and one that was paid before neither fail nor repeat the others', async () => {
      const lane = rig.lane({ maxItems: 50 });
      const items = [...batch(), rig.instruction('9990001')];
      await lane.connector.submit([items[0]!], ctx);
      const results = await lane.connector.submit(items, ctx);
      oneEach(items, results);
      expect(results.filter(({ kind }) => kind === 'rejected')).toHaveLength(1);
      for (const item of items.slice(0, ITEMS)) {
        await untilKind(lane, item, 'settled');
        expect(await rig.paid(item)).toBe(1);
      }
    });

    it('a batch is never larger than the manifest says', async () => {
      const { connector } = rig.lane({ maxItems: 3 });
      expect(connector.manifest.submit.maxItems).toBe(3);
      await expect(connector.submit(batch(), ctx)).rejects.toBeInstanceOf(InvalidInstruction);
    });
  });
}

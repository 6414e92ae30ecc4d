import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../../../tools/testing/record-rig-spec.js';
import type { CallContext, Instruction, Outcome, SubmitError } from '../src/connector.js';
import { Throttled } from '../src/rail-error.js';
import { ConnectRig, ScriptedRail } from './connect.rig-spec.js';

let rig: ConnectRig;
beforeAll(async () => {
  rig = await ConnectRig.start();
}, 60_000);
afterAll(() => rig.stop());

/** Takes all but the first item of its first batch. */
class SlowOnce extends ScriptedRail {
  private slow = false;

  override async submit(items: readonly Instruction[], ctx: CallContext): Promise<(Outcome | SubmitError)[]> {
    const [first, ...others] = items;
    if (first === undefined || this.slow) return super.submit(items, ctx);
    this.slow = true;
    const error = new Throttled('slower', 20);
    return [{ railId: first.railId, kind: 'error', error }, ...(await super.submit(others, ctx))];
  }
}

describe('a batch in which the rail answers each item by itself', () => {
  it('an item that was not taken waits and goes again, while the others are settled', async () => {
    await rig.record.clear();
    const rail = new SlowOnce({ submit: { mode: 'batch', maxItems: 10 } });
    const seeded = [
      await rig.record.disbursement(),
      await rig.record.disbursement(),
      await rig.record.disbursement(),
    ];
    await rig.claim(...seeded.map((line) => rig.request(line)));
    const worker = rig.worker(rig.lane(rail));
    worker.start();
    try {
      const states = await eventually(
        () => Promise.all(seeded.map(async ({ id }) => (await rig.record.attemptRow(id, 1))!.state)),
        (found) => found.every((state) => state === 'settled'),
      );
      expect(states).toEqual(['settled', 'settled', 'settled']);
    } finally {
      await worker.stop();
    }
    expect(rail.paid).toHaveLength(3);
    expect(new Set(rail.paid).size).toBe(3);
  });
});

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { LaneWorker } from '../src/connect/lane.worker.js';
import { eventually } from '../../../tools/testing/record-rig-spec.js';
import { ConnectRig, ScriptedRail } from './connect.rig-spec.js';

let rig: ConnectRig;
beforeAll(async () => {
  rig = await ConnectRig.start();
}, 60_000);
beforeEach(() => rig.record.clear());
afterAll(() => rig.stop());

async function attempts(
  count: number,
  state = 'queued',
  more: Record<string, unknown> = {},
): Promise<string[]> {
  const ids: string[] = [];
  for (let made = 0; made < count; made += 1) {
    const { id } = await rig.record.disbursement();
    await rig.record.attempt(id, 1, state, more);
    ids.push(id);
  }
  return ids;
}

async function left(): Promise<number> {
  const [row] = await rig.record.rows<{ n: number }>(
    `SELECT count(*)::int AS n FROM attempt WHERE state <> 'settled'`,
  );
  return row!.n;
}

async function running<T>(workers: readonly LaneWorker[], work: () => Promise<T>): Promise<T> {
  for (const worker of workers) worker.start();
  try {
    return await work();
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()));
  }
}

/** A rail that takes its time, and knows how many were with it at once and in one call. */
class BusyRail extends ScriptedRail {
  most = 0;
  largest = 0;
  calls = 0;
  private now = 0;

  override async submit(
    ...[items, ctx]: Parameters<ScriptedRail['submit']>
  ): ReturnType<ScriptedRail['submit']> {
    this.now += items.length;
    this.calls += 1;
    this.most = Math.max(this.most, this.now);
    this.largest = Math.max(this.largest, items.length);
    await sleep(30);
    const results = await super.submit(items, ctx);
    this.now -= items.length;
    return results;
  }
}

describe('limits of a lane over all processes', () => {
  it('inFlight: four processes together never have more with the rail, and use what they have', async () => {
    await attempts(90);
    const rail = new BusyRail();
    const lane = rig.lane(rail, { concurrency: 32, inFlight: 5 });
    const workers = [1, 2, 3, 4].map(() => rig.worker(lane));
    expect(await running(workers, () => eventually(left, (n) => n === 0, 25_000))).toBe(0);
    expect(new Set(rail.paid).size).toBe(90);
    expect(rail.paid).toHaveLength(90);
    expect(rail.most).toBeLessThanOrEqual(5);
    expect(rail.most).toBeGreaterThanOrEqual(4);
  }, 40_000);

  it('inFlight: what a dead process had on its way keeps its room until its lease ends, and not longer', async () => {
    const send_by = new Date(Date.now() + 60_000);
    const dead = await attempts(3, 'sending', {
      sends: 1,
      lease_token: 1,
      first_send_at: new Date(),
      send_by,
    });
    await attempts(10);
    const rail = new BusyRail();
    const lane = rig.lane(rail, { inFlight: 3 });
    await running([rig.worker(lane), rig.worker(lane)], async () => {
      await sleep(600);
      expect(rail.calls).toBe(0);
      await rig.record.age('attempt', dead[0]!, 61_000);
      expect(await eventually(left, (n) => n === 3, 15_000)).toBe(3);
    });
    expect(rail.most).toBe(1);
  }, 30_000);

  it('batchSize: no call has more, and a lane without it fills its calls', async () => {
    for (const [batchSize, largest] of [
      [7, 7],
      [undefined, 20],
    ] as const) {
      await attempts(40);
      const rail = new BusyRail({ submit: { mode: 'batch', maxItems: 20 } });
      const lane = rig.lane(rail, { concurrency: 40, ...(batchSize === undefined ? {} : { batchSize }) });
      expect(await running([rig.worker(lane)], () => eventually(left, (n) => n === 0, 15_000))).toBe(0);
      expect(rail.largest).toBe(largest);
    }
  }, 40_000);

  it('calling hours: outside them nothing is taken, and what is not known is asked all the same', async () => {
    await attempts(5);
    const past = new Date(Date.now() - 60_000);
    const unknown = { sends: 1, first_send_at: past, send_by: past, next_at: past };
    const [asked] = await attempts(1, 'unknown', unknown);
    const day = (ahead: number): string =>
      new Date(Date.now() + ahead * 86_400_000).toISOString().slice(0, 10);
    const rail = new BusyRail();
    rail.answer = ({ railId }) => ({ railId, at: new Date(), kind: 'settled' });
    const closed = rig.lane(rail, { window: { timeZone: 'UTC', closed: [day(0), day(1)] } });
    await running([rig.worker(closed)], async () => {
      await rig.resolving(rail, () => eventually(left, (n) => n === 5, 10_000));
      await sleep(500);
    });
    expect(rail.calls).toBe(0);
    expect(await rig.record.attemptRow(asked!)).toMatchObject({ state: 'settled' });
    const open = rig.lane(rail, { window: { timeZone: 'UTC', closed: [day(-1), day(2)] } });
    expect(await running([rig.worker(open)], () => eventually(left, (n) => n === 0, 10_000))).toBe(0);
  }, 40_000);
});

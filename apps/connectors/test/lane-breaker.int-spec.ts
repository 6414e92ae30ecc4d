import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { LaneWorkers } from '../src/connect/lane.workers.js';
import { UnknownResolver } from '../src/connect/unknown.resolver.js';
import type { Outcome } from '../src/connector.js';
import { LaneRegistry, type Lane } from '../src/lanes/lane.registry.js';
import { NotSent, OutcomeUnknown } from '../src/rail-error.js';
import { eventually } from '../../../tools/testing/record-rig-spec.js';
import { ConnectRig, ScriptedRail } from './connect.rig-spec.js';

const PROBE_MS = 60;
let rig: ConnectRig;
beforeAll(async () => {
  rig = await ConnectRig.start({ LANE_PROBE_MS: String(PROBE_MS) });
}, 60_000);
beforeEach(async () => {
  await rig.record.clear();
  await rig.record.rows('UPDATE lane SET silences = 0, reason = NULL, probe_at = NULL');
  await rig.record.rows('TRUNCATE lane_event');
});
afterAll(() => rig.stop());

async function queue(count: number, lane = 'a'): Promise<void> {
  for (let made = 0; made < count; made += 1) {
    const { id } = await rig.record.disbursement();
    await rig.record.attempt(id, 1, 'queued', { lane });
  }
}

interface LaneRow {
  state: string;
  reason: string | null;
  silences: number;
}

async function laneRow(lane = 'a'): Promise<LaneRow> {
  const [row] = await rig.record.rows<LaneRow>('SELECT state, reason, silences FROM lane WHERE lane = $1', [
    lane,
  ]);
  return row!;
}

async function count(state: string, lane = 'a'): Promise<number> {
  const [row] = await rig.record.rows<{ n: number }>(
    'SELECT count(*)::int AS n FROM attempt WHERE state = $1 AND lane = $2',
    [state, lane],
  );
  return row!.n;
}

/** Whole processes' worth of lane workers, sharing the lanes. */
async function working<T>(processes: readonly (readonly Lane[])[], work: () => Promise<T>): Promise<T> {
  const { record, config, writer, metrics, crashPoints, signal } = rig;
  const running = processes.map((lanes) => {
    const registry = new LaneRegistry(lanes);
    return new LaneWorkers(record.dataSource, registry, config, writer, metrics, crashPoints, signal);
  });
  for (const workers of running) await workers.onApplicationBootstrap();
  try {
    return await work();
  } finally {
    await Promise.all(running.map((workers) => workers.onApplicationShutdown()));
  }
}

/** A rail that says nothing, and counts what reached it. */
function silentRail(): { rail: ScriptedRail; calls: () => number; pay: ScriptedRail['take'] } {
  const rail = new ScriptedRail();
  const { take: pay } = rail;
  let calls = 0;
  rail.take = (_item, ctx) => {
    ctx.beforeSend();
    calls += 1;
    return Promise.reject(new OutcomeUnknown('no answer in time'));
  };
  return { rail, calls: () => calls, pay };
}

describe('the circuit breaker of a lane', () => {
  it('stops the lane after so many silences in a row over all processes, with reason, alarm and record; nobody fails', async () => {
    await queue(40);
    const { rail, calls } = silentRail();
    rail.health = () => Promise.reject(new NotSent('still down'));
    const lane = rig.lane(rail, { concurrency: 1, breakerAfter: 6 });
    await working([[lane], [lane]], async () => {
      await eventually(laneRow, ({ state }) => state === 'stopped');
      const atStop = calls();
      await new Promise((resolve) => setTimeout(resolve, 5 * PROBE_MS));
      // Beyond the count only what the other process had in its hands when the lane was stopped.
      expect(atStop).toBeGreaterThanOrEqual(6);
      expect(calls()).toBeLessThanOrEqual(7);
    });
    expect((await laneRow()).reason).toMatch(/^no_answer: /);
    expect(await rig.record.rows('SELECT to_state, actor FROM lane_event')).toEqual([
      { to_state: 'stopped', actor: 'connect' },
    ]);
    expect(await rig.metrics.registry.getSingleMetricAsString('gpo_alarm_total')).toContain(
      'kind="lane_stopped"',
    );
    expect((await count('queued')) + (await count('unknown'))).toBe(40);
  }, 30_000);

  it('counts only silences in a row: an answer between them begins anew', async () => {
    await queue(60);
    const rail = new ScriptedRail();
    const { take: pay } = rail;
    let calls = 0;
    rail.take = (item, ctx) => {
      calls += 1;
      return calls % 4 === 0 ? pay(item, ctx) : Promise.reject(new OutcomeUnknown('no answer in time'));
    };
    const lane = rig.lane(rail, { concurrency: 1, breakerAfter: 4 });
    // An answer is written down at most once a second, unless this process knows of silences.
    await working([[lane]], () =>
      eventually(
        () => count('queued'),
        (left) => left === 0,
        15_000,
      ),
    );
    expect(await count('settled')).toBe(15);
    expect(await laneRow()).toMatchObject({ state: 'open' });
  }, 30_000);

  it('half open: where the rail is healthy but silent, one attempt at a time tries it; its answer opens the lane by itself', async () => {
    await queue(30);
    const { rail, calls, pay } = silentRail();
    const lane = rig.lane(rail, { concurrency: 1, breakerAfter: 3 });
    await working([[lane], [lane]], async () => {
      await eventually(laneRow, ({ state }) => state === 'stopped');
      const atStop = calls();
      const trialled = await eventually(
        () => Promise.resolve(calls()),
        (now) => now >= atStop + 2,
        10_000,
      );
      expect(trialled - atStop).toBeLessThanOrEqual(3);
      expect(await laneRow()).toMatchObject({ state: 'stopped' });
      rail.take = pay;
      await eventually(
        () => count('queued'),
        (left) => left === 0,
        15_000,
      );
      expect(await laneRow()).toEqual({ state: 'open', reason: null, silences: 0 });
    });
    expect(await rig.record.rows('SELECT to_state, actor FROM lane_event ORDER BY event_id')).toEqual([
      { to_state: 'stopped', actor: 'connect' },
      { to_state: 'open', actor: 'probe' },
    ]);
    expect((await count('settled')) + (await count('unknown'))).toBe(30);
  }, 40_000);

  it('a lane that an operator holds is neither tried nor opened', async () => {
    await queue(5);
    await rig.record.rows(`UPDATE lane SET state = 'held', silences = 50, probe_at = now() WHERE lane = 'a'`);
    const { rail, calls } = silentRail();
    await working([[rig.lane(rail)]], () => new Promise((resolve) => setTimeout(resolve, 6 * PROBE_MS)));
    expect(calls()).toBe(0);
    expect(await laneRow()).toMatchObject({ state: 'held' });
  });

  it('a lane whose rail hangs delays nobody else: another pays and asks while not one of its calls has ended', async () => {
    await queue(20, 'a');
    await queue(100, 'b');
    for (let made = 0; made < 20; made += 1) {
      for (const lane of ['a', 'b']) {
        const { id } = await rig.record.disbursement();
        const past = new Date(Date.now() - 60_000);
        const sent = { sends: 1, first_send_at: past, send_by: past, next_at: past };
        await rig.record.attempt(id, 1, 'unknown', { lane, ...sent });
      }
    }
    const hanging = new ScriptedRail();
    const open: (() => void)[] = [];
    let ended = 0;
    const hang = async (railId: string): Promise<Outcome> => {
      await new Promise<void>((resolve) => open.push(resolve));
      ended += 1;
      return { railId, at: new Date(), kind: 'settled' };
    };
    hanging.take = ({ railId }) => hang(railId);
    hanging.query = (keys) => Promise.all(keys.map(({ railId }) => hang(railId)));
    const healthy = new ScriptedRail();
    healthy.answer = ({ railId }) => ({ railId, at: new Date(), kind: 'settled' });
    const lanes = [rig.lane(hanging), rig.lane(healthy, { id: 'b' })];
    const { record, config, writer, metrics, signal } = rig;
    const registry = new LaneRegistry(lanes);
    const resolver = new UnknownResolver(record.dataSource, registry, writer, config, metrics, signal);
    await working([lanes], async () => {
      resolver.onApplicationBootstrap();
      try {
        expect(
          await eventually(
            () => count('settled', 'b'),
            (paid) => paid === 120,
            15_000,
          ),
        ).toBe(120);
        expect({ ended, stuck: open.length > 0 }).toEqual({ ended: 0, stuck: true });
      } finally {
        hanging.take = ({ railId }) => Promise.resolve({ railId, at: new Date(), kind: 'settled' });
        hanging.query = (keys) =>
          Promise.resolve(keys.map(({ railId }) => ({ railId, at: new Date(), kind: 'settled' })));
        for (const release of open) release();
        await resolver.onApplicationShutdown();
      }
    });
  }, 40_000);
});

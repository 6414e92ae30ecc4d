import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../../../../tools/testing/record-rig-spec.js';
import { ConnectRig } from '../../test/connect.rig-spec.js';
import type { RailConnector } from '../connector.js';
import type { Lane } from '../lanes/lane.registry.js';
import { FaultProxy } from './fault-proxy-spec.js';

/** What the rail saw: one request or file that moves money. */
export interface Submit {
  atMs: number;
  items: number;
}

/** A connector and its rail, which counts. */
export interface CountingRail {
  connector: RailConnector;
  seen(): Submit[];
  stop(): Promise<void>;
}

export interface LimitsTrial {
  /** A payee as the rail takes it. */
  payee: { scheme: string; id: string; provider: string };
  currency: string;
  /** Most items of one submit: what the manifest says, or the lane's own batch size. */
  most: number;
  batchSize?: number;
  start(): Promise<CountingRail>;
}

const [ITEMS, PER_SECOND, IN_FLIGHT] = [160, 40, 30];

/** A rail of HTTP behind a proxy that sees each request. @param items how many a request pays; 0 for others. */
export async function behindProxy(
  rig: { start(): Promise<void>; stop(): Promise<void>; readonly base: string },
  lane: (base: string) => RailConnector,
  items: (path: string, body: string) => number,
): Promise<CountingRail> {
  await rig.start();
  const proxy = new FaultProxy(rig.base);
  const base = await proxy.start();
  return {
    connector: lane(base),
    seen: () =>
      proxy.seen
        .map(({ path, body, at }) => ({ atMs: at, items: items(path, body) }))
        .filter((one) => one.items > 0),
    stop: async () => {
      await rig.stop();
      await proxy.stop();
    },
  };
}

/**
 * The most that a lane's pace allows: its rate, a second that was saved up, the submit that is on its way; and a second in
 * which this busy machine held sends back that then went out together.
 */
function overPace(seen: readonly Submit[], perSecond: number): string[] {
  const sorted = seen.toSorted((a, b) => a.atMs - b.atMs);
  return sorted.flatMap((first, from) =>
    sorted.slice(from).flatMap((last, length) => {
      const sent = itemsIn(sorted.slice(from, from + length + 1));
      const allowed = perSecond * (2 + (last.atMs - first.atMs) / 1000) + last.items;
      return sent > allowed ? [`${sent} in ${last.atMs - first.atMs} ms`] : [];
    }),
  );
}

function itemsIn(calls: readonly Submit[]): number {
  return calls.reduce((sum, { items }) => sum + items, 0);
}

/** Counts the items that are in calls of the connector at once. */
function counted(connector: RailConnector): { connector: RailConnector; most: () => number } {
  let [now, most] = [0, 0];
  const submit: RailConnector['submit'] = async (items, ctx) => {
    most = Math.max(most, (now += items.length));
    try {
      return await connector.submit(items, ctx);
    } finally {
      now -= items.length;
    }
  };
  const counting = new Proxy(connector, {
    get: (target, name, receiver) => {
      if (name === 'submit') return submit;
      const value: unknown = Reflect.get(target, name, receiver);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  return { connector: counting, most: () => most };
}

/** Part 11: the real lane workers on a real database pay through the connector, and the rail counts. */
export function limitsPart(name: string, trial: LimitsTrial): void {
  describe(`${name} conforms: 11. limits of a lane, as the rail counts them`, () => {
    let rig: ConnectRig;
    beforeAll(async () => {
      rig = await ConnectRig.start();
    }, 60_000);
    afterAll(() => rig.stop());

    async function queued(): Promise<void> {
      const { payee, currency } = trial;
      await rig.record.clear();
      for (let made = 0; made < ITEMS; made += 1)
        await rig.record.attempt((await rig.record.disbursement()).id, 1, 'queued');
      const text = `${payee.scheme}:${payee.id}@${payee.provider}`;
      await rig.record.rows(
        `UPDATE disbursement SET payee_fa = $1, payee_scheme = $2, payee_id = $3, payee_provider = $4, currency_code = $5`,
        [text, payee.scheme, payee.id, payee.provider, currency],
      );
    }

    async function payAll(connector: RailConnector, change: Partial<Lane['config']>): Promise<void> {
      const workers = [1, 2].map(() => rig.worker(rig.lane(connector, { concurrency: 64, ...change })));
      for (const worker of workers) worker.start();
      try {
        const left = async (): Promise<number> => {
          const [row] = await rig.record.rows<{ n: number }>(
            `SELECT count(*)::int AS n FROM attempt WHERE state IN ('queued', 'sending')`,
          );
          return row!.n;
        };
        expect(await eventually(left, (n) => n === 0, 30_000)).toBe(0);
      } finally {
        await Promise.all(workers.map((worker) => worker.stop()));
      }
    }

    it('two processes together keep pace, in flight and batch size, and reach them', async () => {
      const rail = await trial.start();
      const batchSize = trial.batchSize === undefined ? {} : { batchSize: trial.batchSize };
      try {
        await queued();
        const { connector, most } = counted(rail.connector);
        await payAll(connector, { perSecond: PER_SECOND, inFlight: IN_FLIGHT, ...batchSize });
        // A bank notes a file a moment after it has its name there.
        const seen = await eventually(
          () => Promise.resolve(rail.seen()),
          (calls) => itemsIn(calls) >= ITEMS,
        );
        expect(itemsIn(seen)).toBe(ITEMS);
        expect(Math.max(...seen.map(({ items }) => items))).toBe(trial.most);
        expect(overPace(seen, PER_SECOND)).toEqual([]);
        expect(most()).toBeLessThanOrEqual(IN_FLIGHT);
        expect(most()).toBeGreaterThanOrEqual(trial.most);
      } finally {
        await rail.stop();
      }
    }, 60_000);

    it('the count is a judge: a lane without a pace is found too fast', async () => {
      const rail = await trial.start();
      try {
        await queued();
        await payAll(rail.connector, { perSecond: 10_000 });
        // A quarter, so that a slow machine does not keep the pace by itself.
        expect(overPace(rail.seen(), PER_SECOND / 4)).not.toEqual([]);
      } finally {
        await rail.stop();
      }
    }, 60_000);
  });
}

import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { Poller } from './poller.js';

/** Does what it is told, one after the other, and notes when. */
class Work {
  readonly at: number[] = [];

  constructor(private readonly results: (boolean | number | Error)[]) {}

  readonly next = (): Promise<boolean | number> => {
    const result = this.results[this.at.push(performance.now()) - 1] ?? false;
    return result instanceof Error ? Promise.reject(result) : Promise.resolve(result);
  };

  async until(times: number): Promise<void> {
    while (this.at.length < times) await sleep(5);
  }
}

async function run(work: Work, times: number, idleMs = 3_600_000): Promise<void> {
  const poller = new Poller({ name: 'test', idleMs, work: work.next });
  poller.start();
  await work.until(times);
  await poller.stop();
}

describe('a loop of background work', () => {
  it('goes on at once while there is more, and stops in the middle of any pause', async () => {
    const work = new Work([true, true, false]);
    await run(work, 3);
    expect(work.at).toHaveLength(3);
  });

  it('rests as long as the work says before it goes on', async () => {
    const work = new Work([200, false]);
    await run(work, 2);
    expect(work.at[1]! - work.at[0]!).toBeGreaterThanOrEqual(195);
  });

  it('is woken from a pause and from a rest', async () => {
    const work = new Work([3_600_000, false]);
    const poller = new Poller({ name: 'test', idleMs: 3_600_000, work: work.next });
    poller.start();
    for (const times of [1, 2]) {
      await work.until(times);
      await sleep(20);
      poller.wake();
    }
    await work.until(3);
    await poller.stop();
    expect(work.at).toHaveLength(3);
  });

  it('tries again after a failure, and is not hurried by a wake-up', async () => {
    const work = new Work([new Error('the database is gone'), false]);
    const poller = new Poller({ name: 'test', idleMs: 1, work: work.next });
    poller.start();
    await work.until(1);
    await sleep(20);
    poller.wake();
    await work.until(2);
    await poller.stop();
    expect(work.at[1]! - work.at[0]!).toBeGreaterThanOrEqual(900);
  });
});

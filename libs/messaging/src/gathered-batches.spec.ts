import { describe, expect, test } from '@jest/globals';
import { GatheredBatches } from './gathered-batches.js';

describe('batches that arrive together', () => {
  test('are handed over as one, in the order of arrival, up to the size', async () => {
    const seen: number[][] = [];
    const gathered = new GatheredBatches<number>(4, (items) => {
      seen.push(items);
      return Promise.resolve();
    });
    await Promise.all([gathered.add([1, 2]), gathered.add([3, 4]), gathered.add([5])]);
    expect(seen).toEqual([[1, 2, 3, 4], [5]]);
  });

  test('a batch that alone is larger than the size is handed over whole', async () => {
    const seen: number[][] = [];
    const gathered = new GatheredBatches<number>(2, (items) => {
      seen.push(items);
      return Promise.resolve();
    });
    await Promise.all([gathered.add([1, 2, 3]), gathered.add([4])]);
    expect(seen).toEqual([[1, 2, 3], [4]]);
  });

  test('what comes while work runs waits for it and goes together; no two pieces of work run at once', async () => {
    const seen: number[][] = [];
    let running = 0;
    let release: () => void = () => undefined;
    let begin: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => (begin = resolve));
    const gathered = new GatheredBatches<number>(100, async (items) => {
      running += 1;
      expect(running).toBe(1);
      seen.push(items);
      if (items.includes(1)) {
        begin();
        await new Promise<void>((resolve) => (release = resolve));
      }
      running -= 1;
    });
    const first = gathered.add([1]);
    await begun;
    const later = [gathered.add([2]), gathered.add([3])];
    release();
    await Promise.all([first, ...later]);
    expect(seen).toEqual([[1], [2, 3]]);
  });

  test('work that fails fails for those whose items were in it, and the next goes on', async () => {
    const gathered = new GatheredBatches<string>(1, ([item]) =>
      item === 'bad' ? Promise.reject(new Error('refused')) : Promise.resolve(),
    );
    const results = await Promise.allSettled([
      gathered.add(['good']),
      gathered.add(['bad']),
      gathered.add(['next']),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });
});

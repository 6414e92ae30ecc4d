interface Waiting<T> {
  items: readonly T[];
  resolve: () => void;
  reject: (error: unknown) => void;
}

/**
 * Puts together what several callers bring in the same moment, or while earlier work is running, and hands it over as
 * one batch of at most `sizeMax` items, in the order of arrival; one batch is never divided. One piece of work runs at
 * a time. Each caller learns how the work with its own items ended.
 *
 * `lingerMs`: what begins after a pause waits this long for company, unless `sizeMax` items are there before; 0 = until
 * the next turn of the event loop, by which all partitions of one fetch have arrived.
 */
export class GatheredBatches<T> {
  private waiting: Waiting<T>[] = [];
  private size = 0;
  private running = false;
  private linger: NodeJS.Timeout | undefined;

  constructor(
    private readonly sizeMax: number,
    private readonly work: (items: T[]) => Promise<void>,
    private readonly lingerMs = 0,
  ) {}

  /** Resolves when the work with these items is done; rejects as it does. */
  add(items: readonly T[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ items, resolve, reject });
      this.size += items.length;
      if (this.size >= this.sizeMax) this.start();
      else if (this.running || this.linger !== undefined) return;
      else if (this.lingerMs > 0) this.linger = setTimeout(() => this.start(), this.lingerMs);
      else setImmediate(() => this.start());
    });
  }

  private start(): void {
    clearTimeout(this.linger);
    this.linger = undefined;
    if (this.running) return;
    this.running = true;
    void this.run();
  }

  private async run(): Promise<void> {
    while (this.waiting.length > 0) {
      const part = this.take();
      try {
        await this.work(part.flatMap(({ items }) => items));
        for (const { resolve } of part) resolve();
      } catch (error) {
        for (const { reject } of part) reject(error);
      }
    }
    this.running = false;
  }

  private take(): Waiting<T>[] {
    let taken = 0;
    let count = 0;
    for (const { items } of this.waiting) {
      if (count > 0 && taken + items.length > this.sizeMax) break;
      taken += items.length;
      count += 1;
    }
    this.size -= taken;
    return this.waiting.splice(0, count);
  }
}

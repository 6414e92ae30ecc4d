const SLICE_MS = 10;

/** Long work in slices, so that nobody else waits longer than one of them. */
export class Slices {
  private since = performance.now();

  /** To be asked every few hundred steps; true where others should have their turn. */
  get isOver(): boolean {
    return performance.now() - this.since > SLICE_MS;
  }

  /** Lets others work. */
  async rest(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.since = performance.now();
  }
}

const ITEMS_PER_LOOK = 64;

/** `items.map(make)` in slices. */
export async function mapInSlices<From, To>(items: readonly From[], make: (item: From) => To): Promise<To[]> {
  const slices = new Slices();
  const made: To[] = [];
  for (const item of items) {
    made.push(make(item));
    if (made.length % ITEMS_PER_LOOK === 0 && slices.isOver) await slices.rest();
  }
  return made;
}

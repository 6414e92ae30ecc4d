const SLICE_MS = 15;

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

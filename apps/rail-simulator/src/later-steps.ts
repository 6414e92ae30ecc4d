/** Steps that a simulated rail takes by itself, later; none after it was closed. */
export class LaterSteps {
  private readonly timers = new Set<NodeJS.Timeout>();
  private readonly running = new Set<Promise<void>>();
  private closed = false;

  /** @param failed told of a step that failed. */
  constructor(private readonly failed: (cause: unknown) => void) {}

  /** @param ms from now; a time that has passed is now. */
  add(ms: number, step: () => Promise<void>): void {
    if (this.closed) return;
    const timer = setTimeout(
      () => {
        this.timers.delete(timer);
        const run = step()
          .catch(this.failed)
          .finally(() => this.running.delete(run));
        this.running.add(run);
      },
      Math.max(0, ms),
    );
    this.timers.add(timer);
  }

  /** Resolves when no step is being taken: what it writes to is there until then. */
  async close(): Promise<void> {
    this.closed = true;
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
    await Promise.all(this.running);
  }
}

/** Steps that a simulated rail takes by itself, later; none after it was closed. */
export class LaterSteps {
  private readonly timers = new Set<NodeJS.Timeout>();
  private closed = false;

  /** @param failed told of a step that failed. */
  constructor(private readonly failed: (cause: unknown) => void) {}

  /** @param ms from now; a time that has passed is now. */
  add(ms: number, step: () => Promise<void>): void {
    if (this.closed) return;
    const timer = setTimeout(
      () => {
        this.timers.delete(timer);
        step().catch(this.failed);
      },
      Math.max(0, ms),
    );
    this.timers.add(timer);
  }

  close(): void {
    this.closed = true;
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }
}

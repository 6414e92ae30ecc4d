import { Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AttemptSignal } from './attempt.signal.js';
import { wakeRailIds } from './attempt.repository.js';

const FLUSH_MS = 20;
/** A callback can be faster than the answer to our submit; its attempt is then woken a little later. */
const AGAIN_MS = [50, 250, 1000];

/** Collects the rail ids of callbacks for a few milliseconds: a statement of its own for each would cost more than the payment. */
@Injectable()
export class WakeBuffer {
  private readonly log = new Logger('inbound');
  private readonly waiting = new Map<string, Set<string>>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly dataSource: DataSource,
    private readonly signal: AttemptSignal,
  ) {}

  add(lane: string, railIds: readonly string[]): void {
    const ids = this.waiting.get(lane) ?? new Set();
    this.waiting.set(lane, ids);
    for (const id of railIds) ids.add(id);
    this.timer ??= setTimeout(() => this.flush(), FLUSH_MS);
  }

  private flush(): void {
    this.timer = undefined;
    for (const [lane, ids] of this.waiting) this.wake(lane, [...ids], AGAIN_MS);
    this.waiting.clear();
  }

  private wake(lane: string, railIds: readonly string[], againMs: readonly number[]): void {
    wakeRailIds(this.dataSource, lane, railIds).then(
      (woken) => {
        if (woken.size > 0) this.signal.due();
        const rest = railIds.filter((id) => !woken.has(id));
        const [pause, ...later] = againMs;
        if (rest.length > 0 && pause !== undefined)
          setTimeout(() => this.wake(lane, rest, later), pause).unref();
      },
      // The poll finds them too; only time is lost.
      (error: unknown) => this.log.warn(`${lane}: callbacks did not wake their attempts: ${String(error)}`),
    );
  }
}

import { Injectable } from '@nestjs/common';

/** Wakes the loops of this process; they poll as well, so a lost signal costs latency only. */
@Injectable()
export class AttemptSignal {
  private readonly onQueued: (() => void)[] = [];
  private readonly onOutcome: (() => void)[] = [];
  private readonly onDue: (() => void)[] = [];

  whenQueued(listener: () => void): void {
    this.onQueued.push(listener);
  }

  whenOutcome(listener: () => void): void {
    this.onOutcome.push(listener);
  }

  whenDue(listener: () => void): void {
    this.onDue.push(listener);
  }

  /** Attempts were queued. */
  queued(): void {
    for (const listener of this.onQueued) listener();
  }

  /** Outcomes were written and wait to be published. */
  outcome(): void {
    for (const listener of this.onOutcome) listener();
  }

  /** An attempt is to be looked at now. */
  due(): void {
    for (const listener of this.onDue) listener();
  }
}

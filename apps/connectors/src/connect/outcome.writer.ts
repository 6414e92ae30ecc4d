import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { inTransaction } from '@gpo/persistence';
import { CrashPoints } from '../crash-points.js';
import { AttemptSignal } from './attempt.signal.js';
import type { Fact } from './fact.js';
import { writeFacts } from './fact.repository.js';

const FLUSH_MS = 10;
const FLUSH_FACTS = 500;

interface Waiting {
  fact: Fact;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/** Collects facts for a few milliseconds and writes them set by set: one row at a time costs twenty times as much. */
@Injectable()
export class OutcomeWriter {
  private waiting: Waiting[] = [];
  private timer: NodeJS.Timeout | undefined;
  private tail: Promise<void> = Promise.resolve();

  constructor(
    private readonly dataSource: DataSource,
    private readonly signal: AttemptSignal,
    private readonly crashPoints: CrashPoints,
  ) {}

  /** Resolves after the commit; rejects when the database did not take it: then the resolver finds the truth by query. */
  write(fact: Fact): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ fact, resolve, reject });
      if (this.waiting.length >= FLUSH_FACTS) this.flush();
      else this.timer ??= setTimeout(() => this.flush(), FLUSH_MS);
    });
  }

  private flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const part = this.waiting;
    this.waiting = [];
    if (part.length > 0) this.tail = this.tail.then(() => this.writePart(part));
  }

  private async writePart(part: readonly Waiting[]): Promise<void> {
    try {
      // Two facts about one attempt must not meet in one statement: only one of them would be applied.
      for (const group of apart(part)) {
        await inTransaction(this.dataSource, (sql) =>
          writeFacts(
            sql,
            group.map(({ fact }) => fact),
          ),
        );
      }
      this.crashPoints.reached('outcome.after-write');
      this.signal.outcome();
      for (const { resolve } of part) resolve();
    } catch (error) {
      for (const { reject } of part) reject(error);
    }
  }
}

function apart(part: readonly Waiting[]): Waiting[][] {
  const groups: Waiting[][] = [];
  const counts = new Map<string, number>();
  for (const waiting of part) {
    const key = `${waiting.fact.disbursementId}/${waiting.fact.attemptNo}`;
    const index = counts.get(key) ?? 0;
    counts.set(key, index + 1);
    (groups[index] ??= []).push(waiting);
  }
  return groups;
}

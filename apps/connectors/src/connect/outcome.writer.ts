import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { GatheredBatches } from '@gpo/messaging';
import { inTransaction } from '@gpo/persistence';
import { CrashPoints } from '../crash-points.js';
import { AttemptSignal } from './attempt.signal.js';
import type { Fact } from './fact.js';
import { writeFacts } from './fact.repository.js';

const LINGER_MS = 10;
const FACTS_MAX = 500;

/** Collects facts for a few milliseconds and writes them set by set: one row at a time costs twenty times as much. */
@Injectable()
export class OutcomeWriter {
  private readonly gathered = new GatheredBatches<Fact>(
    FACTS_MAX,
    (facts) => this.writeAll(facts),
    LINGER_MS,
  );

  constructor(
    private readonly dataSource: DataSource,
    private readonly signal: AttemptSignal,
    private readonly crashPoints: CrashPoints,
  ) {}

  /** Resolves after the commit; rejects when the database did not take it: then the resolver finds the truth by query. */
  write(fact: Fact): Promise<void> {
    return this.gathered.add([fact]);
  }

  private async writeAll(facts: readonly Fact[]): Promise<void> {
    // Two facts about one attempt must not meet in one statement: only one of them would be applied.
    for (const group of apart(facts)) {
      await inTransaction(this.dataSource, (sql) => writeFacts(sql, group));
    }
    this.crashPoints.reached('outcome.after-write');
    this.signal.outcome();
  }
}

function apart(facts: readonly Fact[]): Fact[][] {
  const groups: Fact[][] = [];
  const counts = new Map<string, number>();
  for (const fact of facts) {
    const key = `${fact.disbursementId}/${fact.attemptNo}`;
    const index = counts.get(key) ?? 0;
    counts.set(key, index + 1);
    (groups[index] ??= []).push(fact);
  }
  return groups;
}

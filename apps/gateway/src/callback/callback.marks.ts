import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { inTransaction } from '@gpo/persistence';
import { markTries, type TryResult } from './callback.repository.js';

const GROUP_MAX = 500;
const LOCKED_PAUSE_MS = 20;

interface Waiting {
  result: TryResult;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/** Writes what became of tries, those that end at about the same time in one transaction. */
export class CallbackMarks {
  private waiting: Waiting[] = [];
  private writing = false;

  constructor(private readonly dataSource: DataSource) {}

  /** Resolves after the commit. @throws what the database said; the callback's lease then runs out and it is sent again. */
  write(result: TryResult): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ result, resolve, reject });
      if (!this.writing) void this.writeAll();
    });
  }

  private async writeAll(): Promise<void> {
    this.writing = true;
    while (this.waiting.length > 0) {
      const group = this.waiting.splice(0, GROUP_MAX);
      const left = await this.writeGroup(group);
      this.waiting.push(...left);
      if (left.length === group.length) await sleep(LOCKED_PAUSE_MS);
    }
    this.writing = false;
  }

  /** @returns those whose batch another transaction holds. Never throws: each result has its own promise. */
  private async writeGroup(group: readonly Waiting[]): Promise<Waiting[]> {
    try {
      const results = group.map(({ result }) => result);
      const written = await inTransaction(this.dataSource, (sql) => markTries(sql, results));
      const left: Waiting[] = [];
      for (const one of group) {
        if (written.has(one.result.callbackId)) one.resolve();
        else left.push(one);
      }
      return left;
    } catch (error) {
      for (const { reject } of group) reject(error);
      return [];
    }
  }
}

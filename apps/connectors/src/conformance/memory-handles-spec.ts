import type { Sql } from '@gpo/persistence';
import type { PayeeHandles } from '../connector.js';

/** The record of rigs without a database: a connector that needs it fails at once. */
export const noRecord: Sql = { query: () => Promise.reject(new Error('this rig has no record')) };

/** Payee handles for rigs without a database; the record's own are tested with one. */
export class MemoryHandles implements PayeeHandles {
  readonly kept = new Map<string, string>();

  find(keys: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return Promise.resolve(new Map([...this.kept].filter(([key]) => keys.includes(key))));
  }

  keep(key: string, handle: string): Promise<string> {
    if (!this.kept.has(key)) this.kept.set(key, handle);
    return Promise.resolve(this.kept.get(key) ?? handle);
  }

  forget(key: string, handle: string): Promise<void> {
    if (this.kept.get(key) === handle) this.kept.delete(key);
    return Promise.resolve();
  }
}

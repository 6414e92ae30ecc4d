import type pg from 'pg';
import { createClient, type Sql } from './data-source.js';

/** A connection of its own that sees the record as it was at one instant. Closing it ends whatever it still reads. */
export class Snapshot implements Sql {
  private constructor(readonly client: pg.Client) {}

  static async open(url: string): Promise<Snapshot> {
    const client = createClient(url);
    // Whoever reads hears of it: without a listener it would end the process.
    client.on('error', () => undefined);
    await client.connect();
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    return new Snapshot(client);
  }

  async query<T>(sql: string, parameters: unknown[] = []): Promise<T> {
    const { rows } = await this.client.query(sql, parameters);
    return rows as T;
  }

  /** Nothing was to be kept: there is nothing to commit. */
  close(): Promise<void> {
    return this.client.end();
  }
}

import { createHash } from 'node:crypto';
import pg from 'pg';
import { clientConfig, type Sql } from './data-source.js';

/**
 * Connections for questions alone, so that those who look never wait for those who pay, nor the other way round. Each distinct statement
 * is planned once for each connection; there must be few of them, so texts from outside are parameters. Connections are kept, because a new
 * one reads the catalogue and plans again, which takes longer than the answer.
 */
export class ReadPool implements Sql {
  private readonly pool: pg.Pool;
  private readonly names = new Map<string, string>();

  /** Connects when it is first asked. @param size connections it may hold. */
  constructor(url: string, size: number) {
    this.pool = new pg.Pool({ ...clientConfig(url), max: size, min: size });
    // A connection that breaks while it is idle is replaced by the next question.
    this.pool.on('error', () => undefined);
  }

  async query<T>(text: string, values: unknown[] = []): Promise<T> {
    const { rows } = await this.pool.query({ name: this.nameOf(text), text, values });
    return rows as T;
  }

  close(): Promise<void> {
    return this.pool.end();
  }

  private nameOf(text: string): string {
    const known = this.names.get(text);
    if (known !== undefined) return known;
    const name = createHash('sha256').update(text).digest('base64url').slice(0, 22);
    this.names.set(text, name);
    return name;
  }
}

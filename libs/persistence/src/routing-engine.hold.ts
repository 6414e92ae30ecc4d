import { Logger } from '@nestjs/common';
import pg from 'pg';
import type { Sql } from './data-source.js';
import { EngineRefused, claimAndHold, type EngineClaim } from './routing-engine.js';

const HEARTBEAT_MS = 2000;
const ANSWER_MAX_MS = 5000;
const AGAIN_MS = 1000;

export interface HoldEvents {
  /** The engine is ours (again): routing may go on. */
  onHeld: () => void;
  /** The connection is gone, and with it the lock: routing must stop until onHeld. */
  onLost: () => void;
  /** Meanwhile another engine was chosen; this process has nothing to do any more. */
  onRefused: (error: EngineRefused) => void;
}

/**
 * A router's hold on the routing engine: a session lock on a connection of its own (a pooled one would carry the lock
 * away), shared with replicas. The lock ends with the connection, so a router that dies and comes back is in at once.
 */
export class RoutingEngineHold {
  private readonly log = new Logger('RoutingEngine');
  private client: pg.Client | undefined;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(
    private readonly url: string,
    private readonly claim: EngineClaim,
    private readonly events: HoldEvents,
  ) {}

  /** True while this process may route. */
  get isHeld(): boolean {
    return this.client !== undefined;
  }

  /** @throws EngineRefused where another engine routes; any other error where PostgreSQL does not answer. */
  async acquire(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.url,
      keepAlive: true,
      application_name: 'gpo-router-hold',
      connectionTimeoutMillis: ANSWER_MAX_MS,
      query_timeout: ANSWER_MAX_MS,
    });
    client.on('error', (error: Error) => this.lost(client, error.message));
    client.on('end', () => this.lost(client, 'the connection was closed'));
    try {
      await client.connect();
      await client.query('BEGIN');
      await claimAndHold(asSql(client), this.claim);
      await client.query('COMMIT');
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
    if (this.closed) return client.end();
    this.client = client;
    this.events.onHeld();
    this.beat(client);
  }

  /** A connection that is cut off silently would look held for ever; a question that is not answered shows it. */
  private beat(client: pg.Client): void {
    this.timer = setTimeout(() => {
      client.query('SELECT 1').then(
        () => {
          if (this.client === client) this.beat(client);
        },
        (error: unknown) => this.lost(client, String(error)),
      );
    }, HEARTBEAT_MS);
  }

  private lost(client: pg.Client, why: string): void {
    if (this.client !== client) return;
    this.client = undefined;
    clearTimeout(this.timer);
    client.end().catch(() => undefined);
    if (this.closed) return;
    this.log.warn(`routing stops until PostgreSQL answers again: ${why}`);
    this.events.onLost();
    this.again();
  }

  private again(): void {
    if (this.closed) return;
    this.timer = setTimeout(() => {
      this.acquire().then(
        () => this.log.log('the routing engine is held again'),
        (error: unknown) => {
          if (error instanceof EngineRefused) this.events.onRefused(error);
          else this.again();
        },
      );
    }, AGAIN_MS);
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    const { client } = this;
    this.client = undefined;
    await client?.end();
  }
}

function asSql(client: pg.Client): Sql {
  return {
    query: async <T>(sql: string, parameters?: unknown[]): Promise<T> =>
      (await client.query(sql, parameters)).rows as T,
  };
}

import { Logger } from '@nestjs/common';
import pg from 'pg';

const RECONNECT_MS = 1000;

export interface Listening {
  close(): Promise<void>;
}

/**
 * LISTEN on its own connection, for as long as the process lives; reconnects by itself. Notifications only wake a
 * poller early, so a lost one costs latency and nothing else.
 */
export function listen(
  url: string,
  channels: readonly string[],
  onNotify: (channel: string) => void,
): Listening {
  const log = new Logger('Listen');
  let closed = false;
  let client: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;

  const connect = async (): Promise<void> => {
    const next = new pg.Client({ connectionString: url, keepAlive: true });
    client = next;
    next.on('notification', ({ channel }) => onNotify(channel));
    next.on('error', () => void next.end().catch(() => undefined));
    next.on('end', () => again());
    await next.connect();
    for (const channel of channels) await next.query(`LISTEN ${channel}`);
  };
  const again = (): void => {
    if (closed) return;
    clearTimeout(timer);
    timer = setTimeout(start, RECONNECT_MS);
  };
  const start = (): void => {
    connect().catch((error: unknown) => {
      if (closed) return;
      log.warn(`cannot listen to PostgreSQL, trying again: ${String(error)}`);
      // Ended first: a half-made connection would stay open beside the next one and notify twice.
      client?.end().catch(() => undefined);
      again();
    });
  };
  start();
  return {
    close: async () => {
      closed = true;
      clearTimeout(timer);
      await client?.end().catch(() => undefined);
    },
  };
}

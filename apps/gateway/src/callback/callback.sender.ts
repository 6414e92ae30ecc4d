import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { OutboundHttp } from '@gpo/outbound-http';
import { Poller } from '@gpo/persistence';
import { GatewayConfig } from '../gateway.config.js';
import { CrashPoints } from '../health/crash-points.js';
import { GatewayMetrics } from '../health/gateway.metrics.js';

const IDLE_MS = 500;
const IN_FLIGHT_MAX = 64;
const IN_FLIGHT_PER_RECEIVER_MAX = 8;

interface DueCallback {
  callback_id: string;
  batch_id: string;
  version: number;
  url: string;
  body: string;
  tries: number;
}

/**
 * Posts callbacks and tries again on the visible schedule of the configuration. Callbacks of one batch go out one
 * after the other, so the closing word comes last; a receiver that hangs holds only its own.
 */
@Injectable()
export class CallbackSender implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly log = new Logger('callback');
  private readonly poller = new Poller({
    name: 'callback-send',
    idleMs: IDLE_MS,
    work: () => this.sendDue(),
  });
  private readonly inFlight = new Set<Promise<void>>();
  private readonly perReceiver = new Map<string, number>();

  constructor(
    private readonly dataSource: DataSource,
    private readonly http: OutboundHttp,
    private readonly config: GatewayConfig,
    private readonly metrics: GatewayMetrics,
    private readonly crashPoints: CrashPoints,
  ) {}

  onApplicationBootstrap(): void {
    this.poller.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.poller.stop();
    await Promise.all(this.inFlight);
  }

  wake(): void {
    this.poller.wake();
  }

  private async sendDue(): Promise<boolean> {
    const room = IN_FLIGHT_MAX - this.inFlight.size;
    if (room <= 0) {
      await Promise.race(this.inFlight);
      return true;
    }
    const full = [...this.perReceiver]
      .filter(([, count]) => count >= IN_FLIGHT_PER_RECEIVER_MAX)
      .map(([host]) => host);
    const due = await this.take(Math.min(room, IN_FLIGHT_PER_RECEIVER_MAX), full);
    for (const callback of due) this.track(callback);
    return due.length > 0;
  }

  /** The next callback of each batch, leased for longer than a try takes, so that two gateways do not both send it. */
  private async take(limit: number, fullReceivers: readonly string[]): Promise<DueCallback[]> {
    const [rows] = await this.dataSource.query<[DueCallback[], number]>(
      `UPDATE callback c SET tries = c.tries + 1, next_at = now() + $2 * interval '1 millisecond'
        WHERE c.callback_id IN (
          SELECT callback_id FROM callback f
           WHERE f.delivered_at IS NULL AND f.abandoned_at IS NULL AND f.next_at <= now()
             AND split_part(f.url, '/', 3) <> ALL($3)
             AND NOT EXISTS (SELECT FROM callback e WHERE e.batch_id = f.batch_id AND e.version < f.version
                              AND e.delivered_at IS NULL AND e.abandoned_at IS NULL)
           ORDER BY f.next_at LIMIT $1 FOR UPDATE SKIP LOCKED)
        RETURNING callback_id, batch_id, version, url, body, tries`,
      [limit, 2 * this.config.callbackTimeoutMs, fullReceivers],
    );
    return rows;
  }

  private track(callback: DueCallback): void {
    const receiver = callback.url.split('/')[2] ?? '';
    this.perReceiver.set(receiver, (this.perReceiver.get(receiver) ?? 0) + 1);
    const work = this.post(callback).finally(() => {
      this.inFlight.delete(work);
      const left = (this.perReceiver.get(receiver) ?? 1) - 1;
      if (left > 0) this.perReceiver.set(receiver, left);
      else this.perReceiver.delete(receiver);
      this.poller.wake();
    });
    this.inFlight.add(work);
  }

  private async post(callback: DueCallback): Promise<void> {
    try {
      const failure = await this.tryOnce(callback);
      if (failure === undefined) await this.delivered(callback);
      else await this.failed(callback, failure);
    } catch (error) {
      // The row could not be marked; its lease runs out and it is sent again with the same message_id.
      this.log.error(`callback ${callback.callback_id} not marked: ${String(error)}`);
    }
  }

  /** @returns undefined when the receiver took it, else why not. */
  private async tryOnce(callback: DueCallback): Promise<string | undefined> {
    this.crashPoints.reached('callback.before-send');
    try {
      const { status } = await this.http.send({
        method: 'POST',
        url: callback.url,
        headers: { 'Content-Type': 'application/json' },
        body: callback.body,
      });
      this.crashPoints.reached('callback.after-send');
      return status >= 200 && status < 300 ? undefined : `HTTP ${status}`;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  private async delivered({ callback_id, batch_id, version }: DueCallback): Promise<void> {
    await this.dataSource.query(
      `WITH sent AS (UPDATE callback SET delivered_at = now(), body = NULL, last_error = NULL
                      WHERE callback_id = $1 AND delivered_at IS NULL)
       UPDATE batch SET sent_version = GREATEST(sent_version, $3) WHERE batch_id = $2`,
      [callback_id, batch_id, version],
    );
    this.metrics.callback('delivered');
  }

  private async failed({ callback_id, tries, url }: DueCallback, why: string): Promise<void> {
    const wait = this.config.callbackRetrySeconds[tries - 1];
    await this.dataSource.query(
      `UPDATE callback SET last_error = $2, next_at = now() + coalesce($3::float8, 0) * interval '1 second',
              abandoned_at = CASE WHEN $3::float8 IS NULL THEN now() END
        WHERE callback_id = $1 AND delivered_at IS NULL`,
      [callback_id, why.slice(0, 500), wait ?? null],
    );
    this.metrics.callback(wait === undefined ? 'abandoned' : 'failed');
    if (wait === undefined) this.metrics.alarm('callback_abandoned');
    const next = wait === undefined ? 'given up (callback_abandoned)' : `next try in ${wait} s`;
    this.log.warn(`callback ${callback_id} to ${url.split('/')[2] ?? ''} failed: ${why}; ${next}`);
  }
}

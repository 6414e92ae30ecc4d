import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Poller } from '@gpo/persistence';
import type { CollectHooks, RailConnector } from '../connector.js';
import { ConnectorsConfig } from '../connectors.config.js';
import { ConnectorsMetrics } from '../health/connectors.metrics.js';
import { LaneRegistry } from '../lanes/lane.registry.js';
import { stopLane } from '../lanes/lane.state.js';
import { LaneStopped } from '../rail-error.js';
import { AttemptSignal } from './attempt.signal.js';
import { wakeRailIds } from './attempt.repository.js';

const TIMEOUT_MS = 30_000;

/**
 * Fetches what rails leave for us (answer files), lane by lane. It wakes attempts and stops lanes; what became of an
 * attempt is written by the resolver, after a query. Several processes may read the same answers: that changes nothing.
 */
@Injectable()
export class AnswerCollector implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly pollers: Poller[];

  constructor(
    private readonly dataSource: DataSource,
    lanes: LaneRegistry,
    private readonly config: ConnectorsConfig,
    private readonly metrics: ConnectorsMetrics,
    private readonly signal: AttemptSignal,
  ) {
    this.pollers = lanes
      .all()
      .filter(({ connector }) => connector.collect !== undefined)
      .map(
        ({ config: { id }, connector }) =>
          new Poller({
            name: `answers ${id}`,
            idleMs: config.answersIntervalMs,
            work: () => this.collect(id, connector),
          }),
      );
  }

  onApplicationBootstrap(): void {
    for (const poller of this.pollers) poller.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.pollers.map((poller) => poller.stop()));
  }

  private async collect(lane: string, connector: RailConnector): Promise<boolean> {
    const hooks = this.hooks(lane);
    try {
      const context = { timeoutMs: TIMEOUT_MS, beforeSend: () => undefined };
      return (await connector.collect?.(hooks, context)) ?? false;
    } catch (error) {
      if (!(error instanceof LaneStopped)) throw error;
      await hooks.stop(error);
      return false;
    }
  }

  private hooks(lane: string): CollectHooks {
    const log = new Logger(`lane ${lane}`);
    return {
      wake: async (railIds) => {
        await wakeRailIds(this.dataSource, lane, railIds);
        this.signal.due();
      },
      stop: async ({ kind, message }) => {
        if (!(await stopLane(this.dataSource, lane, kind, message, this.config.laneProbeMs))) return;
        this.metrics.alarm('lane_stopped');
        log.error(`stopped (${kind}): ${message}. See docs/errors.md, lane_stopped.`);
      },
      alarm: (sentence) => {
        this.metrics.alarm('rail_answer');
        log.error(`${sentence}. See docs/errors.md, rail_answer.`);
      },
    };
  }
}

import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Poller } from '@gpo/persistence';
import { ConnectorsConfig } from '../connectors.config.js';
import { CrashPoints } from '../crash-points.js';
import { ConnectorsMetrics } from '../health/connectors.metrics.js';
import {
  LaneRegistry,
  describeLanes,
  keepAccounts,
  markHosted,
  registerLanes,
} from '../lanes/lane.registry.js';
import { probeLane } from '../lanes/lane.probe.js';
import { AttemptSignal } from './attempt.signal.js';
import { LaneWorker } from './lane.worker.js';
import { OutcomeWriter } from './outcome.writer.js';

const HOSTING_MS = 1000;

/** One worker per lane, the probe that opens it again when it was stopped, and the sign that says which lanes are hosted. */
@Injectable()
export class LaneWorkers implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly workers: LaneWorker[];
  private readonly probes: Poller[];
  private readonly hosting: Poller;

  constructor(
    private readonly dataSource: DataSource,
    private readonly lanes: LaneRegistry,
    config: ConnectorsConfig,
    writer: OutcomeWriter,
    metrics: ConnectorsMetrics,
    crashPoints: CrashPoints,
    signal: AttemptSignal,
  ) {
    const parts = { dataSource, config, writer, metrics, crashPoints };
    this.workers = lanes.all().map((lane) => new LaneWorker(lane, parts));
    signal.whenQueued(() => this.wake());
    this.probes = lanes.all().map(
      (lane, index) =>
        new Poller({
          name: `probe ${lane.config.id}`,
          idleMs: Math.min(config.laneProbeMs, 1000),
          work: async () => {
            await probeLane(dataSource, lane, config.laneProbeMs, () => this.workers[index]!.trial());
            return false;
          },
        }),
    );
    this.hosting = new Poller({
      name: 'lane-hosting',
      idleMs: HOSTING_MS,
      work: async () => {
        await markHosted(dataSource, this.hosted());
        return false;
      },
    });
  }

  async onApplicationBootstrap(): Promise<void> {
    await registerLanes(this.dataSource, this.hosted());
    await describeLanes(this.dataSource, this.lanes.all());
    await keepAccounts(this.dataSource, this.lanes.all());
    for (const worker of this.workers) worker.start();
    for (const poller of [...this.probes, this.hosting]) poller.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([...this.workers, ...this.probes, this.hosting].map((part) => part.stop()));
  }

  private hosted(): string[] {
    return this.lanes.all().map(({ config }) => config.id);
  }

  private wake(): void {
    for (const worker of this.workers) worker.wake();
  }
}

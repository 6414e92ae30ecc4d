import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Poller } from '@gpo/persistence';
import { ConnectorsConfig } from '../connectors.config.js';
import { CrashPoints } from '../crash-points.js';
import { ConnectorsMetrics } from '../health/connectors.metrics.js';
import { LaneRegistry, describeLanes, markHosted, registerLanes } from '../lanes/lane.registry.js';
import { probeStoppedLanes } from '../lanes/lane.probe.js';
import { AttemptSignal } from './attempt.signal.js';
import { LaneWorker } from './lane.worker.js';
import { OutcomeWriter } from './outcome.writer.js';

/** One worker per lane, and the probe that opens a stopped lane again and says which lanes are hosted. */
@Injectable()
export class LaneWorkers implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly workers: LaneWorker[];
  private readonly probe: Poller;

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
    this.probe = new Poller({
      name: 'lane-probe',
      idleMs: Math.min(config.laneProbeMs, 1000),
      work: async () => {
        await markHosted(dataSource, this.hosted());
        return probeStoppedLanes(dataSource, lanes, config.laneProbeMs);
      },
    });
  }

  async onApplicationBootstrap(): Promise<void> {
    await registerLanes(this.dataSource, this.hosted());
    await describeLanes(this.dataSource, this.lanes.all());
    for (const worker of this.workers) worker.start();
    this.probe.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([...this.workers.map((worker) => worker.stop()), this.probe.stop()]);
  }

  private hosted(): string[] {
    return this.lanes.all().map(({ config }) => config.id);
  }

  private wake(): void {
    for (const worker of this.workers) worker.wake();
  }
}

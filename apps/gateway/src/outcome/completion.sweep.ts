import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { FIRST_ID } from '@gpo/g2p-connect-schemas';
import { Poller, restAfter } from '@gpo/persistence';
import { GatewayConfig } from '../gateway.config.js';
import { completeBatches, openBatches } from './counters.repository.js';

const SWEEP_MS = 2000;

/** Open batches that one step looks at, about a millisecond's work of the database. */
const STEP = 100;

/**
 * Rule M: completes what a crash after a commit left undecided, and batches fed by Kafka, which end by being idle. A round goes over
 * all open batches in small steps, so that nobody who asks or pays waits for it.
 */
@Injectable()
export class CompletionSweep implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly poller = new Poller({ name: 'completion', idleMs: SWEEP_MS, work: () => this.step() });
  private after = FIRST_ID;

  constructor(
    private readonly dataSource: DataSource,
    private readonly config: GatewayConfig,
  ) {}

  onApplicationBootstrap(): void {
    this.poller.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.poller.stop();
  }

  /** @returns false at the end of a round; how long to rest, in milliseconds, after a step within it. */
  async step(most = STEP): Promise<false | number> {
    const started = performance.now();
    const open = await openBatches(this.dataSource, this.after, most);
    await completeBatches(this.dataSource, this.config.directIdleMs, open);
    const isLast = open.length < most;
    this.after = isLast ? FIRST_ID : open.at(-1)!;
    return isLast ? false : restAfter(started);
  }
}

import { Controller, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import {
  DeadLetters,
  OnTopic,
  TOPICS,
  UnreadableRecord,
  type DeadLetter,
  type InRecord,
} from '@gpo/messaging';
import { Poller, park, removeParked, takeParked, unpark } from '@gpo/persistence';
import { GatewayConfig } from '../gateway.config.js';
import { readClaim } from './claim.reader.js';
import { completeBatches } from './counters.repository.js';
import type { Claim } from './decision.js';
import { OutcomeService } from './outcome.service.js';

const RESULT_TOPICS = [
  TOPICS.success,
  TOPICS.failure,
  TOPICS.retry,
  TOPICS.review,
  TOPICS.onHold,
  TOPICS.malformedInput,
];
const SWEEP_MS = 2000;

/** Reads the result topics. Its offsets follow the database commit, so a crash brings records again and changes nothing. */
@Controller()
export class OutcomeConsumer implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly sweep = new Poller({
    name: 'outcome',
    idleMs: SWEEP_MS,
    work: () => this.lookAfterLeftovers(),
  });

  constructor(
    private readonly outcomes: OutcomeService,
    private readonly deadLetters: DeadLetters,
    private readonly dataSource: DataSource,
    private readonly config: GatewayConfig,
  ) {}

  onApplicationBootstrap(): void {
    this.sweep.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.sweep.stop();
  }

  @OnTopic(TOPICS.success)
  async success(batch: InRecord[]): Promise<void> {
    await this.handle(batch);
  }

  @OnTopic(TOPICS.failure)
  async failure(batch: InRecord[]): Promise<void> {
    await this.handle(batch);
  }

  @OnTopic(TOPICS.retry)
  async retry(batch: InRecord[]): Promise<void> {
    await this.handle(batch);
  }

  @OnTopic(TOPICS.review)
  async review(batch: InRecord[]): Promise<void> {
    await this.handle(batch);
  }

  @OnTopic(TOPICS.onHold)
  async onHold(batch: InRecord[]): Promise<void> {
    await this.handle(batch);
  }

  @OnTopic(TOPICS.malformedInput)
  async malformed(batch: InRecord[]): Promise<void> {
    await this.handle(batch);
  }

  private async handle(batch: readonly InRecord[]): Promise<void> {
    const letters: DeadLetter[] = [];
    const recordOf = new Map<Claim, InRecord>();
    for (const record of batch) {
      try {
        const claim = readClaim(record);
        if (claim !== undefined) recordOf.set(claim, record);
      } catch (error) {
        if (!(error instanceof UnreadableRecord)) throw error;
        letters.push({ record, reason: 'record.unreadable', detail: error.message });
      }
    }
    const { missing, refused } = await this.outcomes.apply([...recordOf.keys()], batch[0]!.partition);
    letters.push(...refused.map(({ claim, reason }) => ({ record: recordOf.get(claim)!, reason })));
    if (missing.length > 0)
      await park(
        this.dataSource,
        missing.map((claim) => recordOf.get(claim)!),
      );
    await this.deadLetters.send(letters);
  }

  /** Parked records whose row came meanwhile, and completions that a crash left undecided. */
  private async lookAfterLeftovers(): Promise<boolean> {
    await completeBatches(this.dataSource, this.config.directIdleMs);
    const topics = RESULT_TOPICS.map(({ name }) => name);
    const parked = await takeParked(this.dataSource, topics, this.config.parkMaxMs);
    if (parked.length === 0) return false;
    const parkedOf = new Map(parked.map((row) => [readClaim(unpark(row))!, row]));
    const applied = await this.outcomes.apply([...parkedOf.keys()], 0);
    const missing = new Set(applied.missing);
    const expired = [...parkedOf].filter(([claim, row]) => missing.has(claim) && row.expired);
    await this.deadLetters.send([
      ...expired.map(([, row]) => ({ record: unpark(row), reason: 'record.unknown_disbursement' })),
      ...applied.refused.map(({ claim, reason }) => ({ record: unpark(parkedOf.get(claim)!), reason })),
    ]);
    const over = [...parkedOf]
      .filter(([claim, row]) => !missing.has(claim) || row.expired)
      .map(([, row]) => row.parked_id);
    await removeParked(this.dataSource, over);
    return false;
  }
}

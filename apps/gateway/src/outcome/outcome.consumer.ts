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
import {
  ActiveScenarios,
  Poller,
  park,
  removeParked,
  takeParked,
  unpark,
  type ParkedRecord,
} from '@gpo/persistence';
import { GatewayConfig } from '../gateway.config.js';
import { CrashPoints } from '../health/crash-points.js';
import { readClaim } from './claim.reader.js';
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
const PARKED_MS = 2000;

/** Reads the result topics. Its offsets follow the database commit, so a crash brings records again and changes nothing. */
@Controller()
export class OutcomeConsumer implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly pump = new Poller({
    name: 'outcome',
    idleMs: PARKED_MS,
    work: () => this.tryParked(),
  });

  private readonly active: ActiveScenarios;

  constructor(
    private readonly outcomes: OutcomeService,
    private readonly deadLetters: DeadLetters,
    private readonly dataSource: DataSource,
    private readonly config: GatewayConfig,
    private readonly crashPoints: CrashPoints,
  ) {
    this.active = new ActiveScenarios(dataSource);
  }

  onApplicationBootstrap(): void {
    this.pump.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pump.stop();
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
      const read = this.read(record);
      if ('letter' in read) letters.push(read.letter);
      else if (read.claim !== undefined) recordOf.set(read.claim, record);
    }
    for (const [claim, record] of recordOf) claim.routedBy ??= await this.active.writerOf(record.topic);
    const { missing, refused } = await this.outcomes.apply([...recordOf.keys()], batch[0]!.partition);
    this.crashPoints.reached('outcome.after-commit');
    letters.push(...refused.map(({ claim, reason }) => ({ record: recordOf.get(claim)!, reason })));
    if (missing.length > 0)
      await park(
        this.dataSource,
        missing.map((claim) => recordOf.get(claim)!),
      );
    await this.deadLetters.send(letters);
  }

  /** Parked records whose row came meanwhile. */
  private async tryParked(): Promise<boolean> {
    const topics = RESULT_TOPICS.map(({ name }) => name);
    const parked = await takeParked(this.dataSource, topics, this.config.parkMaxMs);
    if (parked.length === 0) return false;
    const { letters, waiting } = await this.tryAgain(parked);
    await this.deadLetters.send(letters);
    await removeParked(
      this.dataSource,
      parked.filter((row) => !waiting.has(row)).map(({ parked_id }) => parked_id),
    );
    return false;
  }

  private async tryAgain(
    parked: readonly ParkedRecord[],
  ): Promise<{ letters: DeadLetter[]; waiting: Set<ParkedRecord> }> {
    const letters: DeadLetter[] = [];
    const rowOf = new Map<Claim, ParkedRecord>();
    for (const row of parked) {
      const read = this.read(unpark(row));
      if ('letter' in read) letters.push(read.letter);
      else if (read.claim !== undefined) rowOf.set(read.claim, row);
    }
    for (const [claim, { topic }] of rowOf) claim.routedBy ??= await this.active.writerOf(topic);
    const { missing, refused } = await this.outcomes.apply([...rowOf.keys()], 0);
    const waiting = new Set<ParkedRecord>();
    for (const row of missing.map((claim) => rowOf.get(claim)!)) {
      if (row.expired) letters.push({ record: unpark(row), reason: 'record.unknown_disbursement' });
      else waiting.add(row);
    }
    letters.push(...refused.map(({ claim, reason }) => ({ record: unpark(rowOf.get(claim)!), reason })));
    return { letters, waiting };
  }

  private read(record: InRecord): { claim: Claim | undefined } | { letter: DeadLetter } {
    try {
      return { claim: readClaim(record) };
    } catch (error) {
      if (!(error instanceof UnreadableRecord)) throw error;
      return { letter: { record, reason: 'record.unreadable', detail: error.message } };
    }
  }
}

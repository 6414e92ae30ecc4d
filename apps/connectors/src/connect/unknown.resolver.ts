import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Poller } from '@gpo/persistence';
import type { Absent, CallContext, Outcome, QueryKey } from '../connector.js';
import { ConnectorsConfig } from '../connectors.config.js';
import { ConnectorsMetrics } from '../health/connectors.metrics.js';
import { LaneRegistry, type Lane } from '../lanes/lane.registry.js';
import { stopLane } from '../lanes/lane.state.js';
import { LaneStopped, type LaneStopKind } from '../rail-error.js';
import { AttemptSignal } from './attempt.signal.js';
import { takeOverDue, type LeasedAttempt } from './attempt.repository.js';
import { lookAgain } from './fact.repository.js';
import { factOfOutcome, nextReturnCheck } from './fact.mapping.js';
import type { Fact } from './fact.js';
import { OutcomeWriter } from './outcome.writer.js';
import { factOfAbsence, reviewFact } from './absence.js';

const TAKE_MAX = 256;
// A resolver that dies holds what it took for this long; a query that lasts longer is asked twice, which harms nobody.
const HOLD_MS = 6_000;
const QUERY_TIMEOUT_MS = 5_000;
/** States of an attempt that only a rising fact of the rail still changes. */
const DECIDED: ReadonlySet<string> = new Set(['settled', 'rejected', 'review']);

/** Asks rails about attempts nobody has an answer for: accepted, unknown, abandoned by a dead worker, or settled and perhaps returned. */
@Injectable()
export class UnknownResolver implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly log = new Logger('resolver');
  private readonly pollers: Poller[];

  constructor(
    private readonly dataSource: DataSource,
    private readonly lanes: LaneRegistry,
    private readonly writer: OutcomeWriter,
    private readonly config: ConnectorsConfig,
    private readonly metrics: ConnectorsMetrics,
    private readonly signal: AttemptSignal,
  ) {
    // One for each lane: a rail that does not answer delays nobody else's.
    this.pollers = lanes.all().map(
      (lane) =>
        new Poller({
          name: `resolver ${lane.config.id}`,
          idleMs: config.resolverIntervalMs,
          work: () => this.resolveDue(lane),
        }),
    );
    signal.whenDue(() => {
      for (const poller of this.pollers) poller.wake();
    });
  }

  onApplicationBootstrap(): void {
    for (const poller of this.pollers) poller.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.pollers.map((poller) => poller.stop()));
  }

  /** What is due on one lane, a few at a time. */
  private async resolveDue(lane: Lane): Promise<boolean> {
    const queue = await takeOverDue(this.dataSource, lane.config.id, TAKE_MAX, HOLD_MS);
    const taken = queue.length;
    const workers = Array.from({ length: Math.min(lane.config.concurrency, taken) }, async () => {
      for (let attempt = queue.shift(); attempt !== undefined; attempt = queue.shift())
        await this.resolve(lane, attempt);
    });
    await Promise.all(workers);
    return taken === TAKE_MAX;
  }

  private async resolve(lane: Lane, attempt: LeasedAttempt): Promise<void> {
    try {
      // Rule F: an attempt that waits in the queue for a resend whose window closed.
      if (attempt.state === 'queued') return await this.give(attempt, reviewFact(attempt));
      const answer = await this.ask(lane, attempt);
      if (DECIDED.has(attempt.state)) await this.lookBack(attempt, answer);
      else await this.give(attempt, this.factOf(lane, attempt, answer));
    } catch (error) {
      this.log.error(`attempt left for the next look: ${String(error)}`);
    }
  }

  private async ask(lane: Lane, attempt: LeasedAttempt): Promise<Outcome | Absent> {
    const key: QueryKey = {
      railId: attempt.railId,
      ...(attempt.railReference === null ? {} : { railReference: attempt.railReference }),
      ...(attempt.railHandle === null ? {} : { railHandle: attempt.railHandle }),
    };
    const unknown = (why: string): Outcome => ({
      railId: attempt.railId,
      at: new Date(),
      kind: 'unknown',
      why,
    });
    const { query } = lane.connector.manifest;
    if (query === 'statement-only' || (query === 'by-rail-ref' && attempt.railReference === null))
      return unknown('the rail cannot be asked about it');
    const context: CallContext = { timeoutMs: QUERY_TIMEOUT_MS, beforeSend: () => undefined };
    try {
      const answers = await lane.connector.query([key], context);
      return (
        answers.find(({ railId }) => railId === attempt.railId) ?? unknown('the rail did not mention it')
      );
    } catch (error) {
      if (error instanceof LaneStopped) await this.halt(lane, error);
      return unknown(error instanceof Error ? error.message : String(error));
    }
  }

  private async halt(lane: Lane, trouble: { kind: LaneStopKind; message: string }): Promise<void> {
    const { laneProbeMs } = this.config;
    if (await stopLane(this.dataSource, lane.config.id, trouble.kind, trouble.message, laneProbeMs))
      this.metrics.alarm('lane_stopped');
  }

  private factOf(lane: Lane, attempt: LeasedAttempt, answer: Outcome | Absent): Fact {
    const { manifest } = lane.connector;
    if (answer.kind === 'absent') {
      return factOfAbsence(attempt, manifest, { leaseMarginMs: this.config.leaseMarginMs });
    }
    // Rule G: where our id cannot be asked for, silence stays silence. What the rail took waits for its word.
    if (answer.kind === 'unknown' && manifest.query !== 'by-our-id' && attempt.state !== 'accepted')
      return reviewFact(attempt);
    const open = answer.kind === 'accepted' || answer.kind === 'unknown';
    const ageMs = attempt.takenAt.getTime() - (attempt.firstSendAt ?? attempt.takenAt).getTime();
    if (open && ageMs > (lane.config.unresolvedMaxMs ?? this.config.unresolvedMaxMs))
      return reviewFact(attempt);
    return factOfOutcome(attempt, answer, 'query', this.config);
  }

  /** A decided attempt changes only by a fact that rises (rule I); a settled one is looked at again on the return schedule. */
  private async lookBack(attempt: LeasedAttempt, answer: Outcome | Absent): Promise<void> {
    const settled = attempt.state === 'settled';
    if (answer.kind === 'returned' || (!settled && (answer.kind === 'settled' || answer.kind === 'rejected')))
      await this.give(attempt, factOfOutcome(attempt, answer, 'query', this.config));
    const since = attempt.resolvedAt ?? attempt.takenAt;
    const forMs = attempt.takenAt.getTime() - since.getTime();
    const nextMs = settled ? nextReturnCheck(forMs, this.config.returnChecksMs) : null;
    await lookAgain(this.dataSource, attempt, nextMs);
  }

  private async give(attempt: LeasedAttempt, fact: Fact): Promise<void> {
    this.metrics.fact(attempt.lane, fact.kind);
    if (fact.kind === 'review') this.metrics.alarm('review');
    await this.writer.write(fact);
    if (fact.kind === 'requeued') this.signal.queued();
  }
}

import { Logger } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { CallingHours } from '@gpo/lanes';
import { Poller } from '@gpo/persistence';
import type { CallContext, Outcome, SubmitError } from '../connector.js';
import type { ConnectorsConfig } from '../connectors.config.js';
import type { CrashPoints } from '../crash-points.js';
import type { ConnectorsMetrics } from '../health/connectors.metrics.js';
import { takeWithinLimits } from '../lanes/lane.limits.js';
import { reserveSlots } from '../lanes/lane.pace.js';
import { LaneBreaker, trustOfError, trustOfResults, type Trust } from '../lanes/lane.breaker.js';
import type { Lane } from '../lanes/lane.registry.js';
import { stopLane, type StopKind } from '../lanes/lane.state.js';
import { LaneStopped, NotSent } from '../rail-error.js';
import { currentTokens, takeQueued, type LeasedAttempt } from './attempt.repository.js';
import type { Fact } from './fact.js';
import { factOfOutcome, factOfSubmitError } from './fact.mapping.js';
import type { OutcomeWriter } from './outcome.writer.js';
import { submitChunks } from './submit-chunks.js';

const IDLE_MS = 200;
const SILENT = 'the rail gave no trustworthy answer to one call after the other';
/** A chunk that waited longer than this before its bytes reads the tokens again (rule D). */
const TOKEN_AGE_MAX_MS = 500;

export interface LaneWorkerParts {
  dataSource: DataSource;
  config: ConnectorsConfig;
  writer: OutcomeWriter;
  metrics: ConnectorsMetrics;
  crashPoints: CrashPoints;
}

/** Pays the queued attempts of one lane: take and commit, then call, then write what the rail said. */
export class LaneWorker {
  private readonly log: Logger;
  private readonly poller: Poller;
  private readonly inFlight = new Set<Promise<void>>();
  private takenAt = -Infinity;
  /** The queue was empty at the last look, and nobody said since that it is not. */
  private drained = false;
  private readonly breaker: LaneBreaker;
  private readonly hours: CallingHours | undefined;

  constructor(
    private readonly lane: Lane,
    private readonly parts: LaneWorkerParts,
  ) {
    this.log = new Logger(`lane ${lane.config.id}`);
    this.hours = lane.config.window && new CallingHours(lane.config.window);
    this.breaker = new LaneBreaker(parts.dataSource, lane.config.id, lane.config.breakerAfter);
    this.poller = new Poller({
      name: `lane ${lane.config.id}`,
      idleMs: IDLE_MS,
      work: () => this.workOnce(),
    });
  }

  start(): void {
    this.poller.start();
  }

  wake(): void {
    this.drained = false;
    this.poller.wake();
  }

  /** Takes nothing more and waits for the calls in flight. */
  async stop(): Promise<void> {
    await this.poller.stop();
    await Promise.all(this.inFlight);
  }

  private async workOnce(): Promise<boolean> {
    const { config, connector } = this.lane;
    const { room } = this;
    // Calls that ended make room one by one: taking for a quarter of it at once costs a fraction. Where the rest hangs,
    // the poll takes for what there is.
    if (room === 0 || (!this.hasRoom && performance.now() < this.takenAt + IDLE_MS)) return false;
    this.takenAt = performance.now();
    // Read before the statement goes out: the lease can only have begun later than this.
    const asked = performance.now();
    // Not more than a second's worth: what was taken waits for its slot under a lease that is running.
    const taken = await this.take(Math.min(room, Math.max(1, Math.floor(config.perSecond))));
    if (taken.length === 0) {
      this.drained = true;
      return false;
    }
    this.parts.crashPoints.reached('take.after-commit');
    let waitMs = await reserveSlots(this.parts.dataSource, config.id, taken.length, config.perSecond);
    const deadline = this.deadlineOf(asked);
    for (const chunk of submitChunks(taken, connector.manifest.submit.maxItems)) {
      this.track(this.pay(chunk, deadline, waitMs));
      waitMs += (chunk.length / config.perSecond) * 1000;
    }
    return true;
  }

  private get room(): number {
    return this.lane.config.concurrency - this.inFlight.size;
  }

  private get hasRoom(): boolean {
    return this.room >= Math.ceil(this.lane.config.concurrency / 4);
  }

  /**
   * Half open: pays one queued attempt of this stopped lane, to see whether its rail answers again.
   * @returns undefined where none waits.
   */
  async trial(): Promise<Trust | undefined> {
    const asked = performance.now();
    const taken = await this.take(1, true);
    return taken.length === 0 ? undefined : this.pay(taken, this.deadlineOf(asked), 0);
  }

  private async take(wanted: number, trial = false): Promise<LeasedAttempt[]> {
    if (this.hours?.isOpen(new Date()) === false) return [];
    const { config, connector } = this.lane;
    const { dedupeWindowMs } = connector.manifest;
    const { leaseMarginMs } = this.parts.config;
    return takeWithinLimits(this.parts.dataSource, config, wanted, (sql, limit) =>
      takeQueued(sql, {
        ...{ lane: config.id, limit, leaseMs: config.leaseMs, leaseMarginMs, trial },
        dedupeWindowMs: dedupeWindowMs === 'forever' ? null : dedupeWindowMs - leaseMarginMs - config.leaseMs,
      }),
    );
  }

  private deadlineOf(asked: number): number {
    return asked + this.lane.config.leaseMs - this.parts.config.leaseMarginMs;
  }

  private track(work: Promise<unknown>): void {
    const tracked = work
      .then(() => undefined)
      .catch((error: unknown) => this.log.error(`left to the resolver: ${String(error)}`))
      .finally(() => {
        this.inFlight.delete(tracked);
        // Where the lane's own limit left no room, each end makes some.
        if (this.lane.config.inFlight !== undefined || (this.hasRoom && !this.drained)) this.poller.wake();
      });
    this.inFlight.add(tracked);
  }

  private async pay(taken: readonly LeasedAttempt[], deadline: number, waitMs: number): Promise<Trust> {
    const chunk = await this.stillOurs(taken, waitMs);
    const valid: LeasedAttempt[] = [];
    for (const attempt of chunk) {
      const [violation] = this.lane.connector.validate(attempt.instruction);
      if (violation === undefined) valid.push(attempt);
      else {
        const { disbursementId, attemptNo, token } = attempt;
        const fact = { disbursementId, attemptNo, token, kind: 'refused', retryable: false } as const;
        await this.write({ ...fact, reason: violation.reason, message: violation.message });
      }
    }
    if (valid.length === 0) return 'nothing';
    const trust = await this.submit(valid, deadline);
    if (await this.breaker.note(trust)) await this.halt('no_answer', SILENT);
    return trust;
  }

  private async stillOurs(
    taken: readonly LeasedAttempt[],
    waitMs: number,
  ): Promise<readonly LeasedAttempt[]> {
    if (waitMs <= 0) return taken;
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    if (waitMs <= TOKEN_AGE_MAX_MS) return taken;
    const tokens = await currentTokens(this.parts.dataSource, taken);
    return taken.filter(
      ({ disbursementId, attemptNo, token }) => tokens.get(`${disbursementId}/${attemptNo}`) === token,
    );
  }

  private async submit(attempts: readonly LeasedAttempt[], deadline: number): Promise<Trust> {
    const { connector, config } = this.lane;
    const context: CallContext = {
      timeoutMs: Math.max(1, deadline - performance.now()),
      beforeSend: () => {
        this.parts.crashPoints.reached('submit.before-send');
        // Monotonic, so a process that was stopped and goes on sees that its time is over.
        if (performance.now() >= deadline) throw new NotSent('the lease ended before the bytes went out');
      },
    };
    try {
      const outcomes = await connector.submit(
        attempts.map(({ instruction }) => instruction),
        context,
      );
      this.parts.crashPoints.reached('submit.after-answer');
      const byRailId = new Map(outcomes.map((outcome) => [outcome.railId, outcome]));
      const stop = outcomes.map(stopOf).find((trouble) => trouble !== undefined);
      if (stop !== undefined) await this.halt(stop.kind, stop.message);
      await Promise.all(
        attempts.map((attempt) => {
          const outcome = byRailId.get(attempt.railId);
          if (outcome !== undefined && outcome.kind !== 'error')
            return this.write(factOfOutcome(attempt, outcome, 'submit', this.parts.config));
          const error = outcome?.error ?? new Error('the rail did not mention it');
          return this.write(factOfSubmitError(attempt, error, this.parts.config));
        }),
      );
      return trustOfResults(outcomes, performance.now() < deadline);
    } catch (error) {
      const trust = trustOfError(error, performance.now() < deadline);
      if (error instanceof LaneStopped) await this.halt(error.kind, error.message);
      else if (!(error instanceof Error)) this.log.error(`threw no error: ${String(error)}`);
      await Promise.all(
        attempts.map((attempt) => this.write(factOfSubmitError(attempt, error, this.parts.config))),
      );
      this.log.debug(`${config.id}: ${String(error)}`);
      return trust;
    }
  }

  private async halt(kind: StopKind, message: string): Promise<void> {
    const { dataSource, config, metrics } = this.parts;
    if (!(await stopLane(dataSource, this.lane.config.id, kind, message, config.laneProbeMs))) return;
    metrics.alarm('lane_stopped');
    this.log.error(
      `stopped (${kind}): ${message}. Nobody failed; disbursements wait. See docs/errors.md, lane_stopped.`,
    );
  }

  private async write(fact: Fact): Promise<void> {
    this.parts.metrics.fact(this.lane.config.id, fact.kind);
    await this.parts.writer.write(fact);
  }
}

/** What one item of an answer says about the whole lane. */
function stopOf(result: Outcome | SubmitError): LaneStopped | undefined {
  if (result.kind === 'error') return result.error instanceof LaneStopped ? result.error : undefined;
  const { laneTrouble } = result;
  return laneTrouble && new LaneStopped(laneTrouble.kind, laneTrouble.message);
}

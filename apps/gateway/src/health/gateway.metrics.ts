import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { LaneGauges } from './gauge.repository.js';

/** Prometheus metrics of the gateway, labelled with the words of the path. Never a name, account or secret. */
@Injectable()
export class GatewayMetrics {
  readonly registry = new Registry();
  private readonly intakeLines = this.counter('gpo_intake_lines_total', 'Lines stored, by sender.', [
    'sender',
  ]);
  private readonly intakeWarnings = this.counter(
    'gpo_intake_warning_total',
    'Messages with a header field that does not fit and was passed over, by sender and field.',
    ['sender', 'field'],
  );
  private readonly dispatchLines = this.counter(
    'gpo_dispatch_lines_total',
    'Lines published to g2p.request.',
    [],
  );
  private readonly outcomes = this.counter('gpo_outcome_total', 'State changes, by new state.', ['state']);
  private readonly callbacks = this.counter('gpo_callback_total', 'Callback tries, by result.', ['result']);
  private readonly alarms = this.counter('gpo_alarm_total', 'Alarms for an operator, by kind.', ['kind']);
  private readonly mapperCalls = this.counter(
    'gpo_mapper_calls_total',
    'Resolve requests to mappers, by result.',
    ['sender', 'result'],
  );
  private readonly ruleErrors = this.counter(
    'gpo_rule_error_total',
    'Messages that a scenario on Nussknacker could not handle, by scenario.',
    ['scenario'],
  );
  private readonly letters = this.counter('gpo_dead_letters_total', 'New dead letters, by reason.', [
    'reason',
  ]);
  private readonly lettersOpen = new Gauge({
    name: 'gpo_dead_letters_open',
    help: 'Dead letters that nobody has replayed or discarded, by reason.',
    labelNames: ['reason'],
    registers: [this.registry],
  });
  private readonly duplicatePayees = this.counter(
    'gpo_intake_duplicate_payee_total',
    'Lines flagged because their payee is paid by another disbursement, by sender.',
    ['sender'],
  );
  private readonly intakeSeconds = new Histogram({
    name: 'gpo_intake_seconds',
    help: 'Time from the whole body to the acknowledgement.',
    buckets: [0.005, 0.015, 0.06, 0.3, 1, 2, 5, 10],
    registers: [this.registry],
  });
  readonly openBatches = new Gauge({
    name: 'gpo_open_batches',
    help: 'Batches that are not complete.',
    registers: [this.registry],
  });

  readonly onHold = new Gauge({
    name: 'gpo_on_hold',
    help: 'Disbursements that wait for an operator.',
    registers: [this.registry],
  });
  readonly onHoldOldest = new Gauge({
    name: 'gpo_on_hold_oldest_seconds',
    help: 'How long the oldest disbursement on hold has waited; 0 where none waits.',
    registers: [this.registry],
  });

  readonly unresolved = new Gauge({
    name: 'gpo_unresolved',
    help: 'Due disbursements whose payee a mapper has yet to resolve.',
    registers: [this.registry],
  });
  readonly unresolvedOldest = new Gauge({
    name: 'gpo_unresolved_oldest_seconds',
    help: 'How long the oldest of them has been due; 0 where none waits.',
    registers: [this.registry],
  });

  readonly reviews = new Gauge({
    name: 'gpo_review',
    help: 'Attempts that nobody can know about and that wait for an operator.',
    registers: [this.registry],
  });
  readonly reviewOldest = new Gauge({
    name: 'gpo_review_oldest_seconds',
    help: 'How long the oldest attempt in review has waited; 0 where none waits.',
    registers: [this.registry],
  });

  readonly callbacksFailed = new Gauge({
    name: 'gpo_callbacks_failed',
    help: 'Callbacks that were given up and that nobody has sent again.',
    registers: [this.registry],
  });
  readonly callbackOldest = new Gauge({
    name: 'gpo_callback_oldest_seconds',
    help: 'Age of the oldest callback that is not delivered yet and whose turn it is; 0 where there is none.',
    registers: [this.registry],
  });

  private readonly lanesOpen = new Gauge({
    name: 'gpo_lane_open',
    help: '1 where the lane pays, 0 where it is held or stopped.',
    labelNames: ['lane'],
    registers: [this.registry],
  });
  private readonly unknownOldest = new Gauge({
    name: 'gpo_unknown_oldest_seconds',
    help: 'How long ago the oldest attempt went out of whose end the rail has not told yet, by lane; 0 where there is none.',
    labelNames: ['lane'],
    registers: [this.registry],
  });
  private readonly breaksOpen = new Gauge({
    name: 'gpo_breaks_open',
    help: 'What rail and record do not agree about and nobody has settled, by lane (docs/statements.md).',
    labelNames: ['lane'],
    registers: [this.registry],
  });
  private readonly breakOldest = new Gauge({
    name: 'gpo_break_oldest_seconds',
    help: 'How long ago the oldest of them was found; 0 where there is none.',
    labelNames: ['lane'],
    registers: [this.registry],
  });
  readonly stuck = new Gauge({
    name: 'gpo_stuck',
    help: 'Open disbursements that the watchdog published again three times or more without any progress; 10,000 at most.',
    registers: [this.registry],
  });

  private readonly incidents = new Gauge({
    name: 'gpo_incidents',
    help: 'What an operator must look at, ever reported, by kind (docs/errors.md).',
    labelNames: ['kind'],
    registers: [this.registry],
  });
  readonly recordReachable = new Gauge({
    name: 'gpo_record_reachable',
    help: '1 where PostgreSQL answered this scrape; where it is 0, the gauges read from it stand as they were.',
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: 10 });
  }

  accepted(sender: string, lines: number, seconds: number): void {
    this.intakeLines.inc({ sender }, lines);
    this.intakeSeconds.observe(seconds);
  }

  /** Lines of a file, which was acknowledged before. */
  loaded(sender: string, lines: number): void {
    this.intakeLines.inc({ sender }, lines);
  }

  intakeWarning(sender: string, field: 'total_count' | 'sender_uri'): void {
    this.intakeWarnings.inc({ sender, field });
  }

  duplicatePayee(sender: string, lines: number): void {
    this.duplicatePayees.inc({ sender }, lines);
  }

  dispatched(lines: number): void {
    this.dispatchLines.inc(lines);
  }

  outcome(state: string): void {
    this.outcomes.inc({ state });
  }

  callback(result: 'delivered' | 'retry' | 'failed'): void {
    this.callbacks.inc({ result });
  }

  mapperCall(sender: string, result: 'answered' | 'failed'): void {
    this.mapperCalls.inc({ sender, result });
  }

  ruleError(scenario: string, messages: number): void {
    this.ruleErrors.inc({ scenario }, messages);
  }

  deadLetters(reason: string, count: number): void {
    this.letters.inc({ reason }, count);
  }

  /** Sets the gauge of every reason; a reason that is not named has none. */
  openDeadLetters(counts: readonly { reason: string; letters: number }[]): void {
    this.lettersOpen.reset();
    for (const { reason, letters } of counts) this.lettersOpen.inc({ reason }, letters);
  }

  lanes(lanes: readonly LaneGauges[]): void {
    for (const gauge of [this.lanesOpen, this.unknownOldest, this.breaksOpen, this.breakOldest])
      gauge.reset();
    for (const { lane, open, oldest, breaks, oldest_break } of lanes) {
      this.lanesOpen.set({ lane }, open ? 1 : 0);
      this.unknownOldest.set({ lane }, oldest);
      this.breaksOpen.set({ lane }, breaks);
      this.breakOldest.set({ lane }, oldest_break);
    }
  }

  incidentCounts(counts: readonly { kind: string; incidents: number }[]): void {
    for (const { kind, incidents } of counts) this.incidents.set({ kind }, incidents);
  }

  alarm(kind: string): void {
    this.alarms.inc({ kind });
  }

  private counter<T extends string>(name: string, help: string, labelNames: T[]): Counter<T> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }
}

import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

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

  constructor() {
    collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: 10 });
  }

  accepted(sender: string, lines: number, seconds: number): void {
    this.intakeLines.inc({ sender }, lines);
    this.intakeSeconds.observe(seconds);
  }

  intakeWarning(sender: string, field: 'total_count' | 'sender_uri'): void {
    this.intakeWarnings.inc({ sender, field });
  }

  dispatched(lines: number): void {
    this.dispatchLines.inc(lines);
  }

  outcome(state: string): void {
    this.outcomes.inc({ state });
  }

  callback(result: 'delivered' | 'failed' | 'abandoned'): void {
    this.callbacks.inc({ result });
  }

  alarm(kind: string): void {
    this.alarms.inc({ kind });
  }

  private counter<T extends string>(name: string, help: string, labelNames: T[]): Counter<T> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }
}

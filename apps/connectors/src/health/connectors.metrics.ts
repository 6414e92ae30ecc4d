import { Injectable } from '@nestjs/common';
import { Counter, Registry, collectDefaultMetrics } from 'prom-client';

/** Prometheus metrics of the connectors. Never a name, account or secret. */
@Injectable()
export class ConnectorsMetrics {
  readonly registry = new Registry();
  private readonly facts = new Counter({
    name: 'gpo_connect_facts_total',
    help: 'What rails said, by lane and kind.',
    labelNames: ['lane', 'kind'],
    registers: [this.registry],
  });
  private readonly alarms = new Counter({
    name: 'gpo_alarm_total',
    help: 'Alarms for an operator, by kind.',
    labelNames: ['kind'],
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: 10 });
  }

  fact(lane: string, kind: string): void {
    this.facts.inc({ lane, kind });
  }

  alarm(kind: string): void {
    this.alarms.inc({ kind });
  }
}

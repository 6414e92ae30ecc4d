import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client';

/** Prometheus metrics of the router. Never a name of a person, an account or a secret. */
export class RouterMetrics {
  readonly registry = new Registry();
  private readonly records = new Counter({
    name: 'gpo_route_records_total',
    help: 'Records that a scenario was run on.',
    labelNames: ['scenario'],
    registers: [this.registry],
  });
  private readonly results = new Counter({
    name: 'gpo_route_results_total',
    help: 'Records written, by scenario and sink topic.',
    labelNames: ['scenario', 'topic'],
    registers: [this.registry],
  });
  private readonly errors = new Counter({
    name: 'gpo_route_errors_total',
    help: 'Records that went to g2p.dead-letter because the scenario could not be run on them.',
    labelNames: ['scenario'],
    registers: [this.registry],
  });
  private readonly active = new Gauge({
    name: 'gpo_scenario_active',
    help: '1 for the version of each scenario that runs now.',
    labelNames: ['scenario', 'version'],
    registers: [this.registry],
  });
  private readonly reloadFailures = new Counter({
    name: 'gpo_scenario_reload_failures_total',
    help: 'Changed files that were not taken over.',
    labelNames: ['file'],
    registers: [this.registry],
  });
  private readonly refused = new Gauge({
    name: 'gpo_scenario_refused',
    help: '1 while a file differs from what runs because it is not valid.',
    labelNames: ['file'],
    registers: [this.registry],
  });
  private readonly held = new Gauge({
    name: 'gpo_routing_engine_held',
    help: '1 while this router holds the routing engine; 0 means it routes nothing.',
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: 10 });
  }

  routed(
    scenario: string,
    records: number,
    perTopic: ReadonlyMap<string, readonly unknown[]>,
    errors: number,
  ): void {
    this.records.inc({ scenario }, records);
    for (const [topic, results] of perTopic) this.results.inc({ scenario, topic }, results.length);
    this.errors.inc({ scenario }, errors);
  }

  activated(
    scenario: string,
    before: { scenario: string; version: string } | undefined,
    version: string,
  ): void {
    if (before !== undefined) this.active.remove({ scenario: before.scenario, version: before.version });
    this.active.set({ scenario, version }, 1);
  }

  reloadRefused(file: string): void {
    this.reloadFailures.inc({ file });
    this.refused.set({ file }, 1);
  }

  reloadMended(file: string): void {
    this.refused.set({ file }, 0);
  }

  engineHeld(held: boolean): void {
    this.held.set(held ? 1 : 0);
  }
}

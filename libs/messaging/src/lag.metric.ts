import { Gauge, type Registry } from 'prom-client';
import type { KafkaBatchStrategy } from './kafka-batch.strategy.js';

/** Adds the gauge of what this process has yet to handle of each topic that it reads, over its own partitions. */
export function measureLag(registry: Registry, strategy: Pick<KafkaBatchStrategy, 'lags'>): void {
  new Gauge({
    name: 'gpo_consumer_lag_records',
    help: 'Records of the partitions this process reads that it has not handled yet, as of its last fetch, by topic.',
    labelNames: ['topic'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { topic, records } of strategy.lags()) this.inc({ topic }, records);
    },
  });
}

import { Controller, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { OnTopic, TOPICS, type InRecord } from '@gpo/messaging';
import { inTransaction } from '@gpo/persistence';
import { GatewayMetrics } from '../health/gateway.metrics.js';
import { readRuleError } from './rule-error.reader.js';
import { storeRuleErrors } from './rule-error.repository.js';

const LABELS_MAX = 50;

/**
 * Picks up what a real Nussknacker writes to its error topic: the message it tells of was dropped. Here it is counted
 * and kept for an operator (`gpo rules errors`); the disbursement itself is published again by the watchdog, and after
 * three times without effect given to an operator, so nothing here needs the message.
 */
@Controller()
export class RuleErrorConsumer {
  private readonly log = new Logger('route');
  private readonly labels = new Set<string>();

  constructor(
    private readonly dataSource: DataSource,
    private readonly metrics: GatewayMetrics,
  ) {}

  @OnTopic(TOPICS.nuErrors)
  async ruleErrors(batch: InRecord[]): Promise<void> {
    const now = new Date();
    const errors = batch.map((record) => ({ record, error: readRuleError(record, now) }));
    const added = await inTransaction(this.dataSource, (sql) => storeRuleErrors(sql, errors));
    if (added.length === 0) return;
    this.metrics.alarm('rule.failed');
    for (const [label, messages] of this.perLabel(added)) {
      this.metrics.ruleError(label, messages);
      this.log.warn(
        `${messages} messages could not be handled by the scenario "${label}"; see gpo rules errors`,
      );
    }
  }

  /** Names come from a topic, so there may be no more of them in metrics and log than an installation has scenarios. */
  private perLabel(scenarios: readonly string[]): Map<string, number> {
    const counts = new Map<string, number>();
    for (const scenario of scenarios) {
      if (this.labels.size < LABELS_MAX) this.labels.add(scenario);
      const label = this.labels.has(scenario) ? scenario : 'other';
      counts.set(label, (counts.get(label) ?? 0) + 1);
    }
    return counts;
  }
}

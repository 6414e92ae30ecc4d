import { DeadLetters, RecordProducer, type DeadLetter, type InRecord, type OutRecord } from '@gpo/messaging';
import type { Scenario } from '@gpo/scenario';

/**
 * Runs a scenario over a batch of records. Resolves when every result is in Kafka, so that the offset may follow; a
 * crash in between routes a record twice, which the attempt table bears.
 */
export class ScenarioRunner {
  constructor(
    private readonly producer: RecordProducer,
    private readonly deadLetters: DeadLetters,
  ) {}

  async run(scenario: Scenario, batch: readonly InRecord[]): Promise<void> {
    const perTopic = new Map<string, OutRecord[]>();
    const letters: DeadLetter[] = [];
    for (const record of batch) {
      // Nussknacker drops what its source refuses; here the bytes are kept.
      for (const result of scenario.run(
        { key: record.key, value: record.value ?? Buffer.alloc(0) },
        Date.now,
      )) {
        if ('error' in result) {
          letters.push({
            record,
            reason: 'rule.failed',
            detail: `${scenario.name}, ${result.node}: ${result.error}`,
          });
          continue;
        }
        const records = perTopic.get(result.topic);
        if (records === undefined) perTopic.set(result.topic, [{ key: result.key, value: result.value }]);
        else records.push({ key: result.key, value: result.value });
      }
    }
    await Promise.all([...perTopic].map(([topic, records]) => this.producer.send(topic, records)));
    await this.deadLetters.send(letters);
  }
}

import { DeadLetters, RecordProducer, type DeadLetter, type InRecord, type OutRecord } from '@gpo/messaging';
import { RouterMetrics } from './router.metrics.js';
import type { LoadedScenario } from './scenario.folder.js';

const NOTHING = Buffer.alloc(0);

/** Named places where a failure test lets this process die as a power cut would. */
export type CrashPoint = 'route.before-send' | 'route.after-send';

/**
 * Runs a scenario over a batch of records. Resolves when every result is in Kafka, so that the offset may follow; a
 * crash in between routes a record twice, which the attempt table bears.
 */
export class ScenarioRunner {
  constructor(
    private readonly producer: RecordProducer,
    private readonly deadLetters: DeadLetters,
    private readonly metrics: RouterMetrics,
    private readonly crashPoint = '',
  ) {}

  /** The whole batch is decided by the rules it was given, also when the file changes meanwhile. */
  async run({ scenario, headers }: LoadedScenario, batch: readonly InRecord[]): Promise<void> {
    const perTopic = new Map<string, OutRecord[]>();
    const letters: DeadLetter[] = [];
    for (const record of batch) {
      const message = { key: record.key, value: record.value ?? NOTHING };
      for (const result of scenario.run(message, Date.now)) {
        if ('error' in result) {
          // Nussknacker drops what its source refuses; here the bytes are kept.
          const detail = `${scenario.name}, ${result.node}: ${result.error}`;
          letters.push({ record, reason: 'rule.failed', detail });
          continue;
        }
        const { topic, key, value } = result;
        const records = perTopic.get(topic);
        if (records === undefined) perTopic.set(topic, [{ key, value, headers }]);
        else records.push({ key, value, headers });
      }
    }
    this.reached('route.before-send');
    await Promise.all([...perTopic].map(([topic, records]) => this.producer.send(topic, records)));
    await this.deadLetters.send(letters);
    this.reached('route.after-send');
    this.metrics.routed(scenario.name, batch.length, perTopic, letters.length);
  }

  private reached(point: CrashPoint): void {
    if (this.crashPoint === point) process.kill(process.pid, 'SIGKILL');
  }
}

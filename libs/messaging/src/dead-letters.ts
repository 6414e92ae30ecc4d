import type { InRecord } from './record.js';
import type { RecordProducer } from './kafka-connection.js';
import { TOPICS } from './topics.js';

/** A record nobody can handle, and why. `reason` is a code of docs/errors.md. */
export interface DeadLetter {
  record: InRecord;
  reason: string;
  detail?: string;
}

/** Writes unhandled records to g2p.dead-letter with reason, origin and the original bytes (base64; absent where there were none). */
export class DeadLetters {
  constructor(private readonly producer: RecordProducer) {}

  async send(letters: readonly DeadLetter[]): Promise<void> {
    if (letters.length === 0) return;
    await this.producer.send(
      TOPICS.deadLetter.name,
      letters.map(({ record, reason, detail }) => ({
        key: record.key,
        value: JSON.stringify({
          reason,
          ...(detail === undefined ? {} : { detail }),
          topic: record.topic,
          partition: record.partition,
          offset: record.offset,
          ...(record.value === null ? {} : { value_base64: record.value.toString('base64') }),
          at: new Date().toISOString(),
        }),
      })),
    );
  }
}

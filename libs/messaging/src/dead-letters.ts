import type { InRecord } from './record.js';
import type { RecordProducer } from './kafka-connection.js';
import { TOPICS } from './topics.js';

/** A record nobody can handle, and why. `reason` is a code of docs/errors.md. */
export interface DeadLetter {
  record: InRecord;
  reason: string;
  detail?: string;
}

/** Base64 of more would not fit into one record, and a letter that cannot be sent brings its batch back for ever. */
const BYTES_KEPT_MAX = 640_000;

/** Writes unhandled records to g2p.dead-letter with reason, origin and the original bytes (base64; absent where there were none). */
export class DeadLetters {
  constructor(private readonly producer: RecordProducer) {}

  async send(letters: readonly DeadLetter[]): Promise<void> {
    if (letters.length === 0) return;
    await this.producer.send(
      TOPICS.deadLetter.name,
      letters.map((letter) => ({ key: letter.record.key, value: letterValue(letter) })),
    );
  }
}

/** The value of the record on g2p.dead-letter; at most about 0.9 MB. */
export function letterValue({ record, reason, detail }: DeadLetter): string {
  const { topic, partition, offset, value } = record;
  const bytes = value?.length ?? 0;
  const tooLarge = bytes > BYTES_KEPT_MAX;
  const size = tooLarge ? `its ${bytes} bytes do not fit into a letter; read them at their topic` : undefined;
  const words = [detail, size].filter((text) => text !== undefined).join('; ');
  return JSON.stringify({
    reason,
    ...(words === '' ? {} : { detail: words }),
    topic,
    partition,
    offset,
    ...(value === null || tooLarge ? {} : { value_base64: value.toString('base64') }),
    at: new Date().toISOString(),
  });
}

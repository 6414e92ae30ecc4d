import type { OutRecord } from '@gpo/messaging';
import { physicalName } from '@gpo/messaging';
import { until, type PathRig } from './path-rig-spec.js';

/** A record as a test finds it on a topic. */
export interface FoundRecord {
  topic: string;
  key: string | null;
  value: Record<string, unknown>;
  headers: Record<string, string>;
}

/** Writes records as any producer might. */
export async function produce(rig: PathRig, topic: string, records: readonly OutRecord[]): Promise<void> {
  const producer = rig.kafka.producer();
  await producer.connect();
  await producer.send(topic, records);
  await producer.close();
}

/** Reads topics from their start for as long as a test needs. */
export class TopicReader {
  readonly records: FoundRecord[] = [];
  private readonly consumer;

  private constructor(
    private readonly rig: Pick<PathRig, 'kafka' | 'prefix'>,
    group: string,
  ) {
    this.consumer = rig.kafka.kafka.consumer({ groupId: `${rig.prefix}${group}` });
  }

  static async open(
    rig: Pick<PathRig, 'kafka' | 'prefix'>,
    group: string,
    topics: readonly string[],
  ): Promise<TopicReader> {
    const reader = new TopicReader(rig, group);
    await reader.consumer.connect();
    await reader.consumer.subscribe({
      topics: topics.map((name) => physicalName(rig.prefix, name)),
      fromBeginning: true,
    });
    await reader.consumer.run({
      eachMessage: ({ topic, message: { key, value, headers } }) => {
        reader.records.push({
          topic: topic.slice(rig.prefix.length),
          key: key?.toString() ?? null,
          value: JSON.parse(value!.toString()) as Record<string, unknown>,
          headers: Object.fromEntries(
            Object.entries(headers ?? {}).map(([name, text]) => [name, String(text)]),
          ),
        });
        return Promise.resolve();
      },
    });
    return reader;
  }

  /** Waits for a record of this reference on this topic. */
  find(topic: string, reference: string, timeoutMs = 20_000): Promise<FoundRecord> {
    return until(timeoutMs, () =>
      Promise.resolve(
        this.records.find((one) => one.topic === topic && one.value.reference_id === reference),
      ),
    );
  }

  close(): Promise<void> {
    return this.consumer.disconnect();
  }
}

/** Reasons of the stored dead letters whose bytes hold this text, oldest first. */
export async function lettersAbout(rig: PathRig, text: string): Promise<string[]> {
  const { rows } = await rig.sql.query<{ reason: string }>(
    `SELECT reason FROM dead_letter WHERE position($1::bytea IN record) > 0 ORDER BY lettered_at`,
    [Buffer.from(text)],
  );
  return rows.map(({ reason }) => reason);
}

/** Waits until a dead letter with this reason about this text is stored. */
export function letterAbout(rig: PathRig, text: string, reason: string): Promise<true> {
  return until(20_000, async () => ((await lettersAbout(rig, text)).includes(reason) ? true : undefined));
}

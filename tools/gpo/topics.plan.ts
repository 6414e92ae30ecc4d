import { FOR_EVER_MS, RETENTION_MAX_MS, type Topic } from '@gpo/messaging';

/** A topic as the broker has it. */
export interface ExistingTopic {
  partitions: number;
  retentionMs: number;
}

/** One thing that `topics apply` does, or refuses to do, about one topic. */
export interface TopicStep {
  topic: string;
  what: 'create' | 'partitions' | 'retention';
  from: number | undefined;
  to: number;
  /** Why it is not done; undefined where it is. */
  refused?: string;
}

/**
 * What it takes to bring the broker to the wanted topics. Partitions are never taken away (Kafka cannot). A shorter
 * retention drops records that somebody may not have read yet, so it needs `force`. Longer than attempts live is
 * refused by any means: a replay could pay again.
 */
export function planTopics(
  wanted: readonly Topic[],
  existing: ReadonlyMap<string, ExistingTopic>,
  force: boolean,
): TopicStep[] {
  return wanted.flatMap((topic) => {
    const have = existing.get(topic.name);
    if (have === undefined) {
      return [{ topic: topic.name, what: 'create' as const, from: undefined, to: topic.partitions }];
    }
    return [...partitionSteps(topic, have), ...retentionSteps(topic, have, force)];
  });
}

function partitionSteps({ name, partitions }: Topic, have: ExistingTopic): TopicStep[] {
  if (partitions === have.partitions) return [];
  const step: TopicStep = { topic: name, what: 'partitions', from: have.partitions, to: partitions };
  if (partitions > have.partitions) return [step];
  return [{ ...step, refused: 'Kafka cannot take partitions away; name at least as many as there are' }];
}

function retentionSteps({ name, retentionMs }: Topic, have: ExistingTopic, force: boolean): TopicStep[] {
  if (retentionMs === have.retentionMs) return [];
  const step: TopicStep = { topic: name, what: 'retention', from: have.retentionMs, to: retentionMs };
  if (retentionMs > RETENTION_MAX_MS) return [{ ...step, refused: 'attempts must outlive every topic' }];
  const lower =
    retentionMs !== FOR_EVER_MS && (have.retentionMs === FOR_EVER_MS || retentionMs < have.retentionMs);
  if (!lower || force) return [step];
  return [{ ...step, refused: 'records that nobody has read yet could be lost; say --force' }];
}

const DAY_MS = 86_400_000;

/** A step in words. */
export function describeStep({ topic, what, from, to, refused }: TopicStep): string {
  const change =
    what === 'create'
      ? `create with ${to} partitions`
      : what === 'partitions'
        ? `partitions ${from} -> ${to}`
        : `retention ${days(from)} -> ${days(to)} days`;
  return `${topic}: ${change}${refused === undefined ? '' : `: not done, ${refused}`}`;
}

/** Milliseconds as days; Kafka's -1 is for ever. */
export function days(ms: number | undefined): string {
  if (ms === undefined) return '';
  return ms < 0 ? 'unlimited' : String(Math.round((ms / DAY_MS) * 100) / 100);
}

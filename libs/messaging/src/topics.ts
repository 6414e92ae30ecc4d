/** One Kafka topic of the product: its name, and how it is created where it does not exist yet. */
export interface Topic {
  readonly name: string;
  readonly partitions: number;
  readonly retentionMs: number;
}

const DAY_MS = 86_400_000;
/** Kafka's own word for a retention without end. */
export const FOR_EVER_MS = -1;

function topic(name: string, partitions = 6, retentionMs = 7 * DAY_MS): Topic {
  return { name, partitions, retentionMs };
}

/**
 * Protocol rule N: attempts (or their tombstones) outlive every topic, because a replay of a record whose attempt was
 * purged could pay again. No topic that processes read may keep records for longer than this, and no purge may touch
 * younger attempts.
 */
export const RETENTION_MAX_MS = 90 * DAY_MS;

/** Every topic of the product, once. An installation adds its own by a file (topics-file.ts). */
export const TOPICS = {
  request: topic('g2p.request'),
  filteredRequests: topic('g2p.filtered-requests'),
  malformedInput: topic('g2p.malformed-input'),
  response: topic('g2p.response'),
  success: topic('g2p.success'),
  failure: topic('g2p.failure'),
  retry: topic('g2p.retry'),
  review: topic('g2p.review'),
  onHold: topic('g2p.on-hold'),
  deadLetter: topic('g2p.dead-letter', 1, 30 * DAY_MS),
  /** Where a real Nussknacker tells of messages that its scenarios could not handle. */
  nuErrors: topic('g2p.nu-errors', 1, 30 * DAY_MS),
  /** Heads of the audit chain, for whoever verifies it years later (docs/audit.md). No record of it is a disbursement. */
  audit: topic('g2p.audit', 1, FOR_EVER_MS),
} as const satisfies Record<string, Topic>;

export const ALL_TOPICS: readonly Topic[] = Object.values(TOPICS);

/** Physical name: several installations can share one Kafka by a prefix (KAFKA_TOPIC_PREFIX, default none). */
export function physicalName(prefix: string, name: string): string {
  return `${prefix}${name}`;
}

/** The name as scenarios and code know it. */
export function logicalName(prefix: string, name: string): string {
  return name.startsWith(prefix) ? name.slice(prefix.length) : name;
}

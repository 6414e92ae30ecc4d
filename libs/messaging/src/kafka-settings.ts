type Env = Readonly<Record<string, string | undefined>>;

/** Where Kafka is and how this process names itself. */
export interface KafkaSettings {
  brokers: string[];
  /** Put before every topic and consumer group; '' normally. */
  topicPrefix: string;
  clientId: string;
  /** Milliseconds after which the group goes on without a member that died. Default 8000. */
  sessionTimeoutMs?: number;
}

/** After kill -9 of a member its group stands still for this long, so it is short; a batch is handled well within it. */
export const SESSION_MS = 8_000;
// The brokers' own bounds, group.min.session.timeout.ms (6000 unless set lower) and group.max.session.timeout.ms.
const SESSION_MS_MIN = 1_000;
const SESSION_MS_MAX = 1_800_000;

/**
 * Reads KAFKA_BROKERS, KAFKA_TOPIC_PREFIX and KAFKA_SESSION_TIMEOUT_MS, for every process that speaks Kafka.
 * @param brokers where Kafka is when KAFKA_BROKERS is not set; without it the variable is required.
 * @throws Error with one sentence that names the variable.
 */
export function readKafkaSettings(env: Env, clientId: string, brokers?: string): Required<KafkaSettings> {
  const list = env.KAFKA_BROKERS || brokers;
  if (list === undefined) throw new Error(`Set KAFKA_BROKERS: ${clientId} cannot start without it.`);
  return {
    brokers: list.split(','),
    topicPrefix: env.KAFKA_TOPIC_PREFIX ?? '',
    clientId,
    sessionTimeoutMs: readSessionTimeout(env.KAFKA_SESSION_TIMEOUT_MS),
  };
}

function readSessionTimeout(text: string | undefined): number {
  const value = Number(text ?? SESSION_MS);
  if (text === '' || !Number.isInteger(value) || value < SESSION_MS_MIN || value > SESSION_MS_MAX) {
    const range = `a whole number from ${SESSION_MS_MIN} to ${SESSION_MS_MAX}`;
    throw new Error(`KAFKA_SESSION_TIMEOUT_MS must be ${range}, not "${text ?? ''}".`);
  }
  return value;
}

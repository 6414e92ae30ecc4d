import { readKafkaSettings, type KafkaSettings } from '@gpo/messaging';

/** Every setting of the connectors process. Read once at boot; a wrong value stops the boot with one sentence. */
export class ConnectorsConfig {
  /** Address to listen on, for health, metrics and callbacks of rails. Default 127.0.0.1. */
  host: string;
  /** TCP port. Default 3001. */
  port: number;
  /** Base URL under which rails reach this process. Default http://host:port. */
  publicUrl: string;
  /** postgres://… of the record. Required. */
  databaseUrl: string;
  /** Connections to PostgreSQL this process may hold. Default 12. */
  databasePool: number;
  /** Where Kafka is: KAFKA_BROKERS (required), KAFKA_TOPIC_PREFIX, KAFKA_SESSION_TIMEOUT_MS. */
  kafka: KafkaSettings;
  /** File with topics of the installation's own (docs/kafka.md). Default none. */
  topicsFile: string;
  /** File with the lanes. Default examples/lanes.json. */
  lanesFile: string;
  /** How often unresolved attempts are looked at, in milliseconds. Default 250. */
  resolverIntervalMs: number;
  /** How often the answers that a rail leaves for us are fetched, in milliseconds. Default 10,000. */
  answersIntervalMs: number;
  /** First pause before an accepted or unknown attempt is queried, in milliseconds; doubles each time. Default 500. */
  pollFirstMs: number;
  /** Longest pause between two queries of one attempt, in milliseconds. Default 900,000. */
  pollMaxMs: number;
  /** After this long without a trustworthy answer an attempt goes to review, in milliseconds. Default 72 hours. */
  unresolvedMaxMs: number;
  /** When a settled attempt is looked at again for a return, in milliseconds after it settled. Default 1, 24 and 72 hours. */
  returnChecksMs: number[];
  /** Safety distance to the end of a lease and of a rail's duplicate window, in milliseconds. Default 1,000. */
  leaseMarginMs: number;
  /** Times a rail may say "slower" to one attempt before the refusal goes to the rules. Default 20. */
  throttlesMax: number;
  /** How often a stopped lane is probed, in milliseconds. Default 30,000. */
  laneProbeMs: number;
  /** A record whose row is not there yet waits this long before it becomes a dead letter, in milliseconds. Default 600,000. */
  parkMaxMs: number;
  /** Name of a point at which the process kills itself; only for failure tests, refused in production. */
  crashPoint: string;
  /** Name of a point at which the process stops itself (SIGSTOP); only for failure tests, refused in production. */
  freezePoint: string;
}

type Env = Readonly<Record<string, string | undefined>>;

const HOUR_MS = 3_600_000;

/** @throws Error with one sentence that names the variable. */
export function readConnectorsConfig(env: Env): ConnectorsConfig {
  const host = env.CONNECTORS_HOST ?? '127.0.0.1';
  const port = whole(env, 'CONNECTORS_PORT', 3001);
  const production = env.NODE_ENV === 'production';
  return {
    host,
    port,
    publicUrl: env.CONNECTORS_PUBLIC_URL ?? `http://${host}:${port}`,
    databaseUrl: required(env, 'DATABASE_URL'),
    databasePool: whole(env, 'DATABASE_POOL', 12),
    kafka: readKafkaSettings(env, 'gpo-connectors'),
    topicsFile: env.TOPICS_FILE ?? '',
    lanesFile: env.LANES_FILE ?? 'examples/lanes.json',
    resolverIntervalMs: whole(env, 'RESOLVER_INTERVAL_MS', 250),
    answersIntervalMs: whole(env, 'ANSWERS_INTERVAL_MS', 10_000),
    pollFirstMs: whole(env, 'POLL_FIRST_MS', 500),
    pollMaxMs: whole(env, 'POLL_MAX_MS', 900_000),
    unresolvedMaxMs: whole(env, 'UNRESOLVED_MAX_MS', 72 * HOUR_MS),
    returnChecksMs: (env.RETURN_CHECKS_MS ?? `${HOUR_MS},${24 * HOUR_MS},${72 * HOUR_MS}`)
      .split(',')
      .map(Number),
    leaseMarginMs: whole(env, 'LEASE_MARGIN_MS', 1000),
    throttlesMax: whole(env, 'THROTTLES_MAX', 20),
    laneProbeMs: whole(env, 'LANE_PROBE_MS', 30_000),
    parkMaxMs: whole(env, 'PARK_MAX_MS', 600_000),
    crashPoint: production ? '' : (env.GPO_CRASH_POINT ?? ''),
    freezePoint: production ? '' : (env.GPO_FREEZE_POINT ?? ''),
  };
}

function required(env: Env, name: string): string {
  const value = env[name];
  if (value === undefined || value === '')
    throw new Error(`Set ${name}: the connectors cannot start without it.`);
  return value;
}

function whole(env: Env, name: string, fallback: number): number {
  const text = env[name];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0)
    throw new Error(`${name} must be a whole number from 0, not "${text}".`);
  return value;
}

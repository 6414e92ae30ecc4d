import { readKafkaSettings, type KafkaSettings } from '@gpo/messaging';

/** Every setting of the router. Read once at boot; a wrong value stops the boot with one sentence. */
export class RouterConfig {
  /** Address to listen on, for health and metrics only. Default 127.0.0.1. */
  host: string;
  /** TCP port. Default 3002. */
  port: number;
  /** Where Kafka is: KAFKA_BROKERS (required), KAFKA_TOPIC_PREFIX, KAFKA_SESSION_TIMEOUT_MS. */
  kafka: KafkaSettings;
  /** PostgreSQL, for the routing engine and the versions of the rules; no disbursement is read. Required. */
  databaseUrl: string;
  /** File with topics of the installation's own (docs/kafka.md). Default none. */
  topicsFile: string;
  /** Folder with the scenario files. Default nussknacker/scenarios. */
  scenariosFolder: string;
  /** Milliseconds between two looks at the folder where the file system tells no change. Default 2000. */
  scenariosPollMs: number;
  /** Name of a point at which the process kills itself; only for failure tests, refused in production. */
  crashPoint: string;
}

/** @throws Error with one sentence that names the variable. */
export function readRouterConfig(env: Readonly<Record<string, string | undefined>>): RouterConfig {
  return {
    host: env.ROUTER_HOST ?? '127.0.0.1',
    port: whole(env, 'ROUTER_PORT', 3002, 0),
    kafka: readKafkaSettings(env, 'gpo-router'),
    databaseUrl: required(env, 'DATABASE_URL'),
    topicsFile: env.TOPICS_FILE ?? '',
    scenariosFolder: env.SCENARIOS_DIR ?? 'nussknacker/scenarios',
    scenariosPollMs: whole(env, 'SCENARIOS_POLL_MS', 2000, 100),
    crashPoint: env.NODE_ENV === 'production' ? '' : (env.GPO_CRASH_POINT ?? ''),
  };
}

function required(env: Readonly<Record<string, string | undefined>>, name: string): string {
  const value = env[name];
  if (value === undefined || value === '')
    throw new Error(`Set ${name}: the router cannot start without it.`);
  return value;
}

function whole(
  env: Readonly<Record<string, string | undefined>>,
  name: string,
  otherwise: number,
  smallest: number,
): number {
  const text = env[name];
  const value = Number(text ?? otherwise);
  if (text === '' || !Number.isInteger(value) || value < smallest)
    throw new Error(`${name} must be a whole number from ${smallest}, not "${text ?? ''}".`);
  return value;
}

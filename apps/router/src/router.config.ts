/** Every setting of the router. Read once at boot; a wrong value stops the boot with one sentence. */
export class RouterConfig {
  /** Address to listen on, for health only. Default 127.0.0.1. */
  host: string;
  /** TCP port. Default 3002. */
  port: number;
  /** Kafka bootstrap addresses. Required. */
  kafkaBrokers: string[];
  /** Put before every topic and consumer group. Default none. */
  kafkaTopicPrefix: string;
  /** File with topics of the installation's own (docs/kafka.md). Default none. */
  topicsFile: string;
  /** Folder with the scenario files. Default nussknacker/scenarios. */
  scenariosFolder: string;
}

/** @throws Error with one sentence that names the variable. */
export function readRouterConfig(env: Readonly<Record<string, string | undefined>>): RouterConfig {
  const brokers = env.KAFKA_BROKERS;
  if (brokers === undefined || brokers === '')
    throw new Error('Set KAFKA_BROKERS: the router cannot start without it.');
  const port = Number(env.ROUTER_PORT ?? '3002');
  if (!Number.isInteger(port) || port < 0)
    throw new Error(`ROUTER_PORT must be a whole number, not "${env.ROUTER_PORT ?? ''}".`);
  return {
    host: env.ROUTER_HOST ?? '127.0.0.1',
    port,
    kafkaBrokers: brokers.split(','),
    kafkaTopicPrefix: env.KAFKA_TOPIC_PREFIX ?? '',
    topicsFile: env.TOPICS_FILE ?? '',
    scenariosFolder: env.SCENARIOS_DIR ?? 'nussknacker/scenarios',
  };
}

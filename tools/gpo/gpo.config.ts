/** Where the command line finds the installation. Defaults: what `npm start` runs. */
export interface GpoConfig {
  gatewayUrl: string;
  /** Bearer token of an auditor. */
  token: string;
  /** Bearer token of the operator who decides. */
  operatorToken: string;
  kafkaBrokers: string[];
  kafkaTopicPrefix: string;
  databaseUrl: string;
}

export function readGpoConfig(env: Readonly<Record<string, string | undefined>>): GpoConfig {
  return {
    gatewayUrl: env.GATEWAY_URL ?? 'http://127.0.0.1:3000',
    token: env.GPO_TOKEN ?? 'auditor-dev-key',
    operatorToken: env.GPO_OPERATOR_TOKEN ?? 'operator-dev-key',
    kafkaBrokers: (env.KAFKA_BROKERS ?? '127.0.0.1:3006').split(','),
    kafkaTopicPrefix: env.KAFKA_TOPIC_PREFIX ?? '',
    databaseUrl: env.DATABASE_URL ?? 'postgres://gpo@127.0.0.1:3005/gpo',
  };
}

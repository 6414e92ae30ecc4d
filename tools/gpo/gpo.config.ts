import { readKafkaSettings, type KafkaSettings } from '@gpo/messaging';

/** Where the command line finds the installation. Defaults: what `npm start` runs. */
export interface GpoConfig {
  gatewayUrl: string;
  /** Bearer token of an auditor. */
  token: string;
  /** Bearer token of the operator who decides. */
  operatorToken: string;
  kafka: KafkaSettings;
  databaseUrl: string;
  /** Folder with the scenario files. Default nussknacker/scenarios. */
  scenariosFolder: string;
  /** File with the senders: what they may pay from, how their messages are read. */
  sendersFile: string;
  /** Most lines in one message. */
  linesMax: number;
  /** The Designer of Nussknacker. Default http://127.0.0.1:8080, as docker/compose.yaml publishes it. */
  nussknackerUrl: string;
  /** Its account; the password has no default. */
  nussknackerUser: string;
  nussknackerPassword: string;
  /** File with topics of the installation's own. Default none. */
  topicsFile: string;
}

export function readGpoConfig(env: Readonly<Record<string, string | undefined>>): GpoConfig {
  return {
    gatewayUrl: env.GATEWAY_URL ?? 'http://127.0.0.1:3000',
    token: env.GPO_TOKEN ?? 'auditor-dev-key',
    operatorToken: env.GPO_OPERATOR_TOKEN ?? 'operator-dev-key',
    kafka: readKafkaSettings(env, 'gpo-cli', '127.0.0.1:3006'),
    databaseUrl: env.DATABASE_URL ?? 'postgres://gpo@127.0.0.1:3005/gpo',
    scenariosFolder: env.SCENARIOS_DIR ?? 'nussknacker/scenarios',
    sendersFile: env.SENDERS_FILE ?? 'examples/senders.json',
    linesMax: Number(env.LINES_MAX ?? 100_000),
    nussknackerUrl: (env.NUSSKNACKER_URL ?? 'http://127.0.0.1:8080').replace(/\/+$/, ''),
    nussknackerUser: env.NUSSKNACKER_USER ?? 'admin',
    nussknackerPassword: env.NUSSKNACKER_PASSWORD ?? '',
    topicsFile: env.TOPICS_FILE ?? '',
  };
}

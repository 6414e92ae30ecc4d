import { readKafkaSettings, type KafkaSettings } from '@gpo/messaging';

/** Every setting of the gateway. Read once at boot; a wrong value stops the boot with one sentence. */
export class GatewayConfig {
  /** Address to listen on. Default 127.0.0.1. */
  host: string;
  /** TCP port. Default 3000. */
  port: number;
  /** postgres://… of the record. Required. */
  databaseUrl: string;
  /** Connections to PostgreSQL this process may hold. Default 12. */
  databasePool: number;
  /** Further connections for questions alone: batch status API, search, txn/status. Default 4. */
  statusPool: number;
  /** Where Kafka is: KAFKA_BROKERS (required), KAFKA_TOPIC_PREFIX, KAFKA_SESSION_TIMEOUT_MS. */
  kafka: KafkaSettings;
  /** File with topics of the installation's own (docs/kafka.md). Default none. */
  topicsFile: string;
  /** File with senders and auditors. Default examples/senders.json. */
  sendersFile: string;
  /** Our name in the header of callbacks and answers. Default gpo. */
  gatewayId: string;
  /** Further path under which interface A is found, such as /api/payments. Default none. */
  interfacePrefix: string;
  /** Path under which the G2P Bridge API is found (docs/openg2p.md). Default /api/g2p-bridge. */
  bridgePrefix: string;
  /** Largest JSON body in bytes. Default 64 MiB. */
  bodyBytesMax: number;
  /** Most lines in one message. Default 100,000. */
  linesMax: number;
  /** Largest file in bytes. Default 512 MiB. */
  fileBytesMax: number;
  /** Most rows in one file. Default 1,000,000. */
  fileRowsMax: number;
  /** Rows of a file that are stored in one transaction. Default 2,000. */
  fileChunkRows: number;
  /** Multiplies the wait of a retry when it is stored; 1 in production. */
  retryTimeScale: number;
  /** Newly final lines that make a callback go out at once. Default 1,000. */
  callbackChunkItems: number;
  /** Longest wait of a newly final line for its callback, in milliseconds. Default 60,000. */
  callbackChunkMs: number;
  /** Waits between tries of one callback, in seconds; after the last the callback is given up. About four days. */
  callbackRetrySeconds: number[];
  /** Time a receiver has to answer a callback, in milliseconds. Default 15,000. */
  callbackTimeoutMs: number;
  /** Callbacks to loopback, private addresses and plain http. Only with NODE_ENV=development or test. */
  callbackAllowPrivate: boolean;
  /** Time a mapper has to answer a resolve request, in milliseconds. Default 60,000. */
  mapperTimeoutMs: number;
  /** How often the watchdog looks, in milliseconds. Default 60,000. */
  watchdogIntervalMs: number;
  /** An open row that is due and made no progress for this long is published again, in milliseconds. Default 600,000. */
  watchdogStuckMs: number;
  /** A batch fed by direct records completes when nothing was open for this long, in milliseconds. Default 900,000. */
  directIdleMs: number;
  /** A record whose row is not there yet waits this long before it becomes a dead letter, in milliseconds. Default 600,000. */
  parkMaxMs: number;
  /** File with the private Ed25519 key (PEM) that signs close-outs. Default none: then no batch can be closed. */
  signingKeyFile: string;
  /** How often heads of the audit chain are published, in milliseconds. Default 10,000. */
  auditPublishMs: number;
  /**
   * user:password that the schema registry (GET /subjects, /schemas) asks for by Basic authentication. Default none:
   * the schemas are no secret, and Nussknacker's client sends no credentials unless its URL holds them.
   */
  schemaRegistryCredentials: string;
  /** Name of a point at which the process kills itself; only for failure tests, refused in production. */
  crashPoint: string;
}

type Env = Readonly<Record<string, string | undefined>>;

const CALLBACK_RETRY_SECONDS = '5,15,60,300,900,3600,7200,14400,28800,57600,86400,86400,86400';

/** @throws Error with one sentence that names the variable. */
export function readGatewayConfig(env: Env): GatewayConfig {
  const development = env.NODE_ENV === 'development' || env.NODE_ENV === 'test';
  return {
    host: env.GATEWAY_HOST ?? '127.0.0.1',
    port: whole(env, 'GATEWAY_PORT', 3000, 0),
    databaseUrl: required(env, 'DATABASE_URL'),
    databasePool: whole(env, 'DATABASE_POOL', 12, 4),
    statusPool: whole(env, 'STATUS_POOL', 4, 1),
    kafka: readKafkaSettings(env, 'gpo-gateway'),
    topicsFile: env.TOPICS_FILE ?? '',
    sendersFile: env.SENDERS_FILE ?? 'examples/senders.json',
    gatewayId: env.GATEWAY_ID ?? 'gpo',
    interfacePrefix: pathPrefix(env, 'INTERFACE_PREFIX'),
    bridgePrefix: pathPrefix({ BRIDGE_PREFIX: env.BRIDGE_PREFIX ?? '/api/g2p-bridge' }, 'BRIDGE_PREFIX'),
    bodyBytesMax: whole(env, 'BODY_BYTES_MAX', 67_108_864, 1024),
    linesMax: whole(env, 'LINES_MAX', 100_000, 1),
    fileBytesMax: whole(env, 'FILE_BYTES_MAX', 536_870_912, 1024),
    fileRowsMax: whole(env, 'FILE_ROWS_MAX', 1_000_000, 1),
    fileChunkRows: whole(env, 'FILE_CHUNK_ROWS', 2000, 1),
    retryTimeScale: fraction(env, 'RETRY_TIME_SCALE', 1),
    callbackChunkItems: whole(env, 'CALLBACK_CHUNK_ITEMS', 1000, 1),
    callbackChunkMs: whole(env, 'CALLBACK_CHUNK_MS', 60_000, 0),
    callbackRetrySeconds: (env.CALLBACK_RETRY_SECONDS ?? CALLBACK_RETRY_SECONDS)
      .split(',')
      .map((text) => fraction({ CALLBACK_RETRY_SECONDS: text }, 'CALLBACK_RETRY_SECONDS', 0)),
    callbackTimeoutMs: whole(env, 'CALLBACK_TIMEOUT_MS', 15_000, 1),
    callbackAllowPrivate: development,
    mapperTimeoutMs: whole(env, 'MAPPER_TIMEOUT_MS', 60_000, 1),
    watchdogIntervalMs: whole(env, 'WATCHDOG_INTERVAL_MS', 60_000, 1),
    watchdogStuckMs: whole(env, 'WATCHDOG_STUCK_MS', 600_000, 1),
    directIdleMs: whole(env, 'DIRECT_IDLE_MS', 900_000, 0),
    parkMaxMs: whole(env, 'PARK_MAX_MS', 600_000, 0),
    signingKeyFile: env.SIGNING_KEY_FILE ?? '',
    auditPublishMs: whole(env, 'AUDIT_PUBLISH_MS', 10_000, 100),
    schemaRegistryCredentials: credentials(env, 'SCHEMA_REGISTRY_CREDENTIALS'),
    crashPoint: env.NODE_ENV === 'production' ? '' : (env.GPO_CRASH_POINT ?? ''),
  };
}

function required(env: Env, name: string): string {
  const value = env[name];
  if (value === undefined || value === '')
    throw new Error(`Set ${name}: the gateway cannot start without it.`);
  return value;
}

function pathPrefix(env: Env, name: string): string {
  const text = (env[name] ?? '').replace(/\/+$/, '');
  if (text !== '' && !/^(?:\/[A-Za-z0-9._~-]+)+$/.test(text))
    throw new Error(`${name} must be a path such as /api/payments, not "${text}".`);
  return text;
}

function credentials(env: Env, name: string): string {
  const text = env[name] ?? '';
  if (text !== '' && !/^[^:]+:.+$/.test(text))
    throw new Error(`${name} must be user:password, or not be set.`);
  return text;
}

function whole(env: Env, name: string, fallback: number, smallest: number): number {
  const value = fraction(env, name, fallback);
  if (!Number.isInteger(value) || value < smallest) {
    throw new Error(`${name} must be a whole number of at least ${smallest}, not "${env[name] ?? ''}".`);
  }
  return value;
}

function fraction(env: Env, name: string, fallback: number): number {
  const text = env[name];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0)
    throw new Error(`${name} must be a number of at least 0, not "${text}".`);
  return value;
}

import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { KafkaConnection } from '@gpo/messaging';
import { freshDatabase, type FreshDatabase } from '@gpo/persistence';
import { ApiClient, journalSummary, type BatchStatus, type JournalSummary } from '../sample/api-client.js';
import { CallbackReceiver } from '../sample/callback-receiver.js';
import { AppProcess } from '../stack/app-process.js';
import { developmentFile } from '../stack/development-file.js';
import { freePort } from '../stack/free-port.js';
import { signingKey } from '../stack/signing-key.js';
import { until } from './lines-spec.js';
import { PathDatabase } from './path-database-spec.js';

export * from './lines-spec.js';

export type AppName = 'gateway' | 'router' | 'connectors' | 'rail-simulator';

export interface RigOptions {
  /** Further environment per app. */
  env?: Partial<Record<AppName, Record<string, string>>>;
  /** Lease of a taken attempt; longer than the rail's time limit of 2 s. */
  leaseMs?: number;
}

const OPEN = ['received', 'on_hold', 'retrying', 'review'];

/** The whole product in real processes, on the run's Kafka and PostgreSQL, with a database and topics of its own. */
export class PathRig {
  readonly apps = new Map<string, AppProcess>();
  readonly prefix = `t${randomBytes(4).toString('hex')}.`;
  readonly dir = mkdtempSync(join(tmpdir(), 'gpo-path-'));
  readonly kafka: KafkaConnection;
  readonly sql: pg.Pool;
  receiver!: CallbackReceiver;
  private ports!: Record<AppName | 'receiver' | 'bank', number>;

  private constructor(
    private readonly database: FreshDatabase,
    private readonly options: RigOptions,
  ) {
    const brokers = [process.env.TEST_KAFKA_BROKERS!];
    this.kafka = new KafkaConnection({ brokers, topicPrefix: this.prefix, clientId: 'gpo-test' });
    this.sql = new pg.Pool({ connectionString: database.url, max: 4 });
    this.sql.on('error', () => undefined);
  }

  static async start(options: RigOptions = {}): Promise<PathRig> {
    const rig = new PathRig(await freshDatabase(process.env.TEST_DATABASE_URL!), options);
    await rig.startAll();
    return rig;
  }

  get gatewayUrl(): string {
    return `http://127.0.0.1:${this.ports.gateway}`;
  }

  get simulatorUrl(): string {
    return `http://127.0.0.1:${this.ports['rail-simulator']}`;
  }

  get record(): PathDatabase {
    return new PathDatabase(this.database.url);
  }

  get client(): ApiClient {
    return new ApiClient(this.gatewayUrl);
  }

  private async startAll(): Promise<void> {
    this.ports = {
      gateway: await freePort(),
      router: await freePort(),
      connectors: await freePort(),
      'rail-simulator': await freePort(),
      receiver: await freePort(),
      bank: await freePort(),
    };
    this.receiver = new CallbackReceiver(this.ports.receiver);
    await this.receiver.listen();
    await this.launch('rail-simulator', 'rail-simulator', {
      SIMULATOR_PORT: String(this.ports['rail-simulator']),
      SIMULATOR_BANK_PORT: String(this.ports.bank),
      SIMULATOR_DATA: join(this.dir, 'rail'),
      SIMULATOR_DELAY_MS: '20',
      SIMULATOR_RETURN_AFTER_MS: '3000',
      SIMULATOR_PAYSTACK_WEBHOOK_URL: `http://127.0.0.1:${this.ports.connectors}/callbacks/{account}`,
    });
    await Promise.all([
      this.launch('gateway', 'gateway', this.gatewayEnv(this.ports.gateway)),
      this.launch('router', 'router', { ROUTER_PORT: String(this.ports.router) }),
      this.launch('connectors', 'connectors', this.connectorsEnv(this.ports.connectors)),
    ]);
  }

  private gatewayEnv(port: number): Record<string, string> {
    return {
      GATEWAY_PORT: String(port),
      SENDERS_FILE: this.file('senders.json'),
      SIGNING_KEY_FILE: signingKey(this.dir),
      CALLBACK_CHUNK_MS: '300',
      CALLBACK_RETRY_SECONDS: '1,1,1,1,1,1,1,1',
      RETRY_TIME_SCALE: '0.01',
      WATCHDOG_INTERVAL_MS: '1000',
      WATCHDOG_STUCK_MS: '8000',
      DIRECT_IDLE_MS: '1000',
      PARK_MAX_MS: '3000',
    };
  }

  private connectorsEnv(port: number): Record<string, string> {
    return {
      CONNECTORS_PORT: String(port),
      LANES_FILE: this.file('lanes.json'),
      PARK_MAX_MS: '3000',
      LEASE_MARGIN_MS: '300',
      LANE_PROBE_MS: '1000',
      ANSWERS_INTERVAL_MS: '200',
    };
  }

  /** A second connectors process, sharing the work of the first. */
  async launchSecondConnectors(): Promise<AppProcess> {
    return this.launch('connectors-2', 'connectors', this.connectorsEnv(await freePort()));
  }

  /** A second gateway on the same database and topics. @returns its address. */
  async launchSecondGateway(): Promise<string> {
    const port = await freePort();
    await this.launch('gateway-2', 'gateway', this.gatewayEnv(port));
    return `http://127.0.0.1:${port}`;
  }

  private async launch(name: string, app: AppName, own: Record<string, string>): Promise<AppProcess> {
    const extra = Object.entries((name === app ? this.options.env?.[app] : undefined) ?? {});
    // A crash or freeze point is for the first life only.
    const isPoint = ([key]: [string, string]): boolean => key.startsWith('GPO_');
    const env = {
      NODE_ENV: 'test',
      DATABASE_URL: this.database.url,
      KAFKA_BROKERS: process.env.TEST_KAFKA_BROKERS!,
      KAFKA_TOPIC_PREFIX: this.prefix,
      KAFKA_SESSION_TIMEOUT_MS: '3000',
      ...own,
      ...Object.fromEntries(extra.filter((entry) => !isPoint(entry))),
    };
    const port = Number(Object.entries(own).find(([key]) => key.endsWith('_PORT'))![1]);
    const launched = new AppProcess({
      name,
      entry: `dist/apps/${app}/src/main.js`,
      port,
      env,
      dir: this.dir,
    });
    this.apps.set(name, launched);
    launched.start(Object.fromEntries(extra.filter(isPoint)));
    await launched.untilReady();
    return launched;
  }

  private file(name: string): string {
    const leaseMs = this.options.leaseMs ?? 4000;
    const { bank, receiver, 'rail-simulator': simulator } = this.ports;
    const text = developmentFile(name, { simulator, bank, receiver })
      .replaceAll('"leaseMs": 30000', `"leaseMs": ${leaseMs}`)
      .replaceAll('"absentIsFinalAfterMs": 2000', '"absentIsFinalAfterMs": 500');
    const file = join(this.dir, name);
    writeFileSync(file, text);
    return file;
  }

  /** Stops a process and starts it with the environment it had; `firstLife` is gone after a crash. */
  async relaunch(name: string, firstLife: Record<string, string> = {}): Promise<void> {
    const before = this.apps.get(name)!;
    await before.stop();
    const again = new AppProcess(before.options);
    this.apps.set(name, again);
    again.start(firstLife);
    await again.untilReady();
  }

  kill(name: string, signal: NodeJS.Signals = 'SIGKILL'): void {
    const pid = this.apps.get(name)?.pid;
    if (pid === undefined) return;
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  /** @param gatewayUrl which gateway; default the first. */
  async post(
    body: unknown,
    path = '/disburse',
    headers: Record<string, string> = {},
    gatewayUrl = this.gatewayUrl,
  ): Promise<Response> {
    return fetch(`${gatewayUrl}${path}`, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        Authorization: `Basic ${btoa('openg2p:openg2p')}`,
        ...headers,
      },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  }

  /** Waits until every line of the batch is final and every callback delivered. */
  async settled(transactionId: string, timeoutMs = 60_000): Promise<BatchStatus> {
    return until(timeoutMs, async () => {
      const batch = await this.client.batch(transactionId);
      const open = OPEN.reduce((sum, state) => sum + batch.states[state]!.count, 0);
      const { pending, lines_waiting } = batch.callbacks;
      return open === 0 && pending === 0 && lines_waiting === 0 ? batch : undefined;
    });
  }

  /** Everything the processes have written to their logs. */
  logs(): string {
    return [...this.apps.values()].map(({ logFile }) => readFileSync(logFile, 'utf8')).join('');
  }

  journal(): Promise<JournalSummary> {
    return journalSummary(this.simulatorUrl);
  }

  async stop(): Promise<void> {
    for (const app of [...this.apps.values()].reverse()) {
      this.kill(app.options.name, 'SIGCONT');
      await app.stop();
    }
    await this.receiver.close();
    await this.sql.end();
    await this.database.drop();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

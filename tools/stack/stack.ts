import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DEPLOY_TIMEOUT_MS, deployTo } from '../nussknacker/designer.session.js';
import { asRoutingEngine } from '../nussknacker/routing-record.js';
import { readScenarioSources } from '../nussknacker/scenario-source.js';
import { readGpoConfig } from '../gpo/gpo.config.js';
import { AppProcess } from './app-process.js';
import { developmentFile } from './development-file.js';
import { requireFreePort } from './free-port.js';
import { startKafka, type RunningKafka } from './kafka.js';
import { endOrphans, lockFolder, unlockFolder } from './os-process.js';
import { PlainError } from './plain-error.js';
import { signingKey } from './signing-key.js';
import { ensureDatabase, startPostgres, type RunningPostgres } from './postgres.js';

export interface StackOptions {
  dir: string;
  /** The gateway's port; the others follow from it. */
  port: number;
  /** Further environment of all apps. */
  env?: Readonly<Record<string, string>>;
  say: (line: string) => void;
  /** Changes the text of the lanes file, for benchmarks. */
  lanes?: (text: string) => string;
}

/** Ports of a stack: each part's distance to the gateway's port. */
export const PORTS = {
  gateway: 0,
  connectors: 1,
  router: 2,
  simulator: 3,
  receiver: 4,
  postgres: 5,
  kafka: 6,
  kafkaController: 7,
  bank: 8,
} as const;

/** Ports that a stack takes, from the gateway's on. */
export const PORT_COUNT = Object.keys(PORTS).length;

/**
 * The whole product on one machine: PostgreSQL, Kafka, simulator, gateway, router, connectors. With NUSSKNACKER_URL the
 * scenarios are deployed there instead, and no router is started.
 */
export class Stack {
  readonly apps: AppProcess[] = [];
  kafka: RunningKafka | undefined;
  postgres: RunningPostgres | undefined;
  brokers = '';
  databaseUrl = '';
  private readonly dir: string;

  constructor(private readonly options: StackOptions) {
    this.dir = resolve(options.dir);
  }

  port(part: keyof typeof PORTS): number {
    return this.options.port + PORTS[part];
  }

  app(name: string): AppProcess {
    return this.apps.find(({ options }) => options.name === name)!;
  }

  /** @throws PlainError with one sentence that says what to do. */
  async start(): Promise<void> {
    mkdirSync(this.dir, { recursive: true });
    const holder = lockFolder(this.dir);
    if (holder !== undefined) {
      throw new PlainError(
        `Another launcher (process ${holder.pid}) runs with ${this.dir}: end it, or start with --data and another folder.`,
      );
    }
    await endOrphans(join(this.dir, 'pids'));
    await this.checkPorts();
    await this.startInfrastructure();
    await this.startApps();
  }

  private get hasNussknacker(): boolean {
    return (process.env.NUSSKNACKER_URL ?? '') !== '';
  }

  private async checkPorts(): Promise<void> {
    const parts = (Object.keys(PORTS) as (keyof typeof PORTS)[]).filter((part) => {
      if (part === 'postgres') return process.env.DATABASE_URL === undefined;
      if (part === 'router') return !this.hasNussknacker;
      return part !== 'kafka' && part !== 'kafkaController' ? true : process.env.KAFKA_BROKERS === undefined;
    });
    for (const part of parts) await requireFreePort(this.port(part), part);
  }

  private async startInfrastructure(): Promise<void> {
    const pids = join(this.dir, 'pids');
    this.options.say('Starting PostgreSQL and Kafka (the first start fetches Kafka)...');
    const [postgres, kafka] = await Promise.allSettled([
      process.env.DATABASE_URL === undefined
        ? startPostgres({ dir: join(this.dir, 'postgres'), port: this.port('postgres'), pids })
        : undefined,
      process.env.KAFKA_BROKERS === undefined
        ? startKafka({
            dir: join(this.dir, 'kafka'),
            port: this.port('kafka'),
            controllerPort: this.port('kafkaController'),
            pids,
          })
        : undefined,
    ]);
    if (postgres.status === 'fulfilled') this.postgres = postgres.value;
    if (kafka.status === 'fulfilled') this.kafka = kafka.value;
    for (const part of [postgres, kafka]) if (part.status === 'rejected') throw part.reason as Error;
    this.databaseUrl = process.env.DATABASE_URL ?? (await ensureDatabase(this.postgres!.url, 'gpo'));
    this.brokers = process.env.KAFKA_BROKERS ?? this.kafka!.brokers;
  }

  private async startApps(): Promise<void> {
    const router = this.hasNussknacker ? '' : ' router,';
    this.options.say(`Starting rail simulator, gateway,${router} connectors...`);
    const simulator = this.add('rail-simulator', 'simulator', {
      SIMULATOR_PORT: String(this.port('simulator')),
      SIMULATOR_BANK_PORT: String(this.port('bank')),
      SIMULATOR_DATA: join(this.dir, 'rail-simulator'),
      SIMULATOR_PAYSTACK_WEBHOOK_URL: `http://127.0.0.1:${this.port('connectors')}/callbacks/{account}`,
    });
    simulator.start();
    await simulator.untilReady();
    const apps = [
      this.add('gateway', 'gateway', {
        GATEWAY_PORT: String(this.port('gateway')),
        SENDERS_FILE: this.withPorts('senders.json'),
        SIGNING_KEY_FILE: signingKey(this.dir),
      }),
      ...(this.hasNussknacker
        ? []
        : [this.add('router', 'router', { ROUTER_PORT: String(this.port('router')) })]),
      this.add('connectors', 'connectors', {
        CONNECTORS_PORT: String(this.port('connectors')),
        LANES_FILE: this.withPorts('lanes.json'),
        ANSWERS_INTERVAL_MS: '500',
      }),
    ];
    for (const app of apps) app.start();
    await Promise.all(apps.map((app) => app.untilReady()));
    if (this.hasNussknacker) await this.deployScenarios();
  }

  /** After the gateway: Nussknacker reads the schemas of the topics from it when it checks a scenario. */
  private async deployScenarios(): Promise<void> {
    const { nussknackerUrl, nussknackerUser, nussknackerPassword, kafka, scenariosFolder } = readGpoConfig(
      process.env,
    );
    this.options.say(`Deploying the scenarios to Nussknacker at ${nussknackerUrl}...`);
    const sources = readScenarioSources(scenariosFolder);
    await asRoutingEngine(this.databaseUrl, nussknackerUrl, sources, () =>
      deployTo(
        { url: nussknackerUrl, user: nussknackerUser, password: nussknackerPassword },
        { ...kafka, brokers: this.brokers.split(','), clientId: 'gpo-start' },
        sources,
        { timeoutMs: DEPLOY_TIMEOUT_MS, say: (line) => this.options.say(`  ${line}`) },
      ),
    );
  }

  /** The development files name the default ports; a copy names this stack's. */
  private withPorts(name: string): string {
    const text = developmentFile(name, {
      simulator: this.port('simulator'),
      bank: this.port('bank'),
      receiver: this.port('receiver'),
    });
    const file = join(this.dir, name);
    writeFileSync(file, name === 'lanes.json' ? (this.options.lanes?.(text) ?? text) : text);
    return file;
  }

  private add(name: string, part: keyof typeof PORTS, env: Record<string, string>): AppProcess {
    const app = new AppProcess({
      name,
      entry: `dist/apps/${name}/src/main.js`,
      port: this.port(part),
      dir: this.dir,
      env: {
        NODE_ENV: 'development',
        DATABASE_URL: this.databaseUrl,
        KAFKA_BROKERS: this.brokers,
        ...env,
        ...this.options.env,
      },
    });
    this.apps.push(app);
    return app;
  }

  /** Ends everything in reverse order. */
  async stop(): Promise<void> {
    for (const app of [...this.apps].reverse()) await app.stop();
    await Promise.all([this.kafka?.stop(), this.postgres?.stop()]);
    unlockFolder(this.dir);
  }
}

import 'reflect-metadata';
import { hostname } from 'node:os';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  DeadLetters,
  KafkaBatchStrategy,
  KafkaConnection,
  runProcess,
  topicsOf,
  type InRecord,
} from '@gpo/messaging';
import {
  RoutingEngineHold,
  createDataSource,
  recordScenarioVersions,
  runMigrations,
  type ScenarioActivation,
} from '@gpo/persistence';
import { readRouterConfig } from './router.config.js';
import { RouterMetrics } from './router.metrics.js';
import { RouterModule } from './router.module.js';
import { loadScenarios, type LoadedScenario } from './scenario.folder.js';
import { ScenarioRegistry } from './scenario.registry.js';
import { ScenarioRunner } from './scenario.runner.js';

const POOL = 2;

await runProcess('router', async (onFatal) => {
  const config = readRouterConfig(process.env);
  const loaded = loadScenarios(config.scenariosFolder);
  const dataSource = await createDataSource(config.databaseUrl, POOL).initialize();
  await runMigrations(dataSource);
  const settings = config.kafka;
  const strategy = new KafkaBatchStrategy({ settings, groupId: 'gpo-router', onFatal });
  const metrics = new RouterMetrics();
  const hold = engineHold(config.databaseUrl, strategy, metrics, onFatal);
  // Before anything is read: where another engine routes, this process ends with the sentence that says so.
  await hold.acquire();
  const record = (all: readonly LoadedScenario[]): Promise<void> =>
    recordScenarioVersions(dataSource, 'embedded', all.map(activation));
  await record(loaded);
  const kafka = new KafkaConnection(settings);
  await kafka.ensureTopics(topicsOf(config.topicsFile));
  const producer = kafka.producer();
  await producer.connect();
  const { scenariosFolder: folder, scenariosPollMs: pollMs } = config;
  const registry = new ScenarioRegistry({ folder, pollMs, loaded, metrics, record: (one) => record([one]) });
  const runner = new ScenarioRunner(producer, new DeadLetters(producer), metrics, config.crashPoint);
  // Which topics are read is known only from the files, so the handlers are added here and not by decorators.
  for (const { scenario } of loaded) {
    const { sourceTopic } = scenario;
    strategy.addHandler(
      sourceTopic,
      (batch: InRecord[]) => runner.run(registry.ofTopic(sourceTopic), batch),
      true,
    );
  }
  const app = await NestFactory.create<NestFastifyApplication>(
    RouterModule.with({ strategy, hold, registry, metrics }),
    new FastifyAdapter({ forceCloseConnections: true }),
  );
  app.connectMicroservice({ strategy });
  await app.startAllMicroservices();
  await app.listen(config.port, config.host);
  registry.start();
  return async () => {
    await registry.stop();
    await app.close();
    await producer.close();
    await hold.close();
    await dataSource.destroy();
  };
});

/** Routing stops while another engine could take over unseen, and goes on when the lock is there again. */
function engineHold(
  url: string,
  strategy: KafkaBatchStrategy,
  metrics: RouterMetrics,
  onFatal: (error: Error) => void,
): RoutingEngineHold {
  const gate = (held: boolean): void => {
    metrics.engineHeld(held);
    if (held) strategy.resume();
    else strategy.pause();
  };
  return new RoutingEngineHold(
    url,
    { engine: 'embedded', instance: `${hostname()}, process ${process.pid}` },
    { onHeld: () => gate(true), onLost: () => gate(false), onRefused: onFatal },
  );
}

function activation({ identity, canonical }: LoadedScenario): ScenarioActivation {
  return { ...identity, file: canonical };
}

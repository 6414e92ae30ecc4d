import 'reflect-metadata';
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
import { readRouterConfig } from './router.config.js';
import { RouterModule } from './router.module.js';
import { loadScenarios } from './scenario.folder.js';
import { ScenarioRunner } from './scenario.runner.js';

await runProcess('router', async (onFatal) => {
  const config = readRouterConfig(process.env);
  const scenarios = loadScenarios(config.scenariosFolder);
  const settings = {
    brokers: config.kafkaBrokers,
    topicPrefix: config.kafkaTopicPrefix,
    clientId: 'gpo-router',
  };
  const kafka = new KafkaConnection(settings);
  await kafka.ensureTopics(topicsOf(config.topicsFile));
  const producer = kafka.producer();
  await producer.connect();
  const runner = new ScenarioRunner(producer, new DeadLetters(producer));
  const strategy = new KafkaBatchStrategy({ settings, groupId: 'gpo-router', onFatal });
  // Which topics are read is known only from the files, so the handlers are added here and not by decorators.
  for (const scenario of scenarios) {
    strategy.addHandler(
      scenario.sourceTopic,
      (batch: InRecord[]) => runner.run(scenario, batch).then(() => undefined),
      true,
    );
  }
  const app = await NestFactory.create<NestFastifyApplication>(
    RouterModule.with(strategy),
    new FastifyAdapter({ forceCloseConnections: true }),
  );
  app.connectMicroservice({ strategy });
  await app.startAllMicroservices();
  await app.listen(config.port, config.host);
  return async () => {
    await app.close();
    await producer.close();
  };
});

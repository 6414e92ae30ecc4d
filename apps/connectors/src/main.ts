import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { KafkaBatchStrategy, KafkaConnection, runProcess, topicsOf } from '@gpo/messaging';
import { createDataSource, runMigrations } from '@gpo/persistence';
import { readConnectorsConfig } from './connectors.config.js';
import { ConnectorsModule } from './connectors.module.js';
import { LaneRegistry } from './lanes/lane.registry.js';

await runProcess('connectors', async (onFatal) => {
  const config = readConnectorsConfig(process.env);
  const dataSource = createDataSource(config.databaseUrl, config.databasePool);
  const lanes = LaneRegistry.fromConfig(config, dataSource);
  await dataSource.initialize();
  await runMigrations(dataSource);
  const settings = config.kafka;
  const kafka = new KafkaConnection(settings);
  await kafka.ensureTopics(topicsOf(config.topicsFile));
  const producer = kafka.producer();
  await producer.connect();
  const strategy = new KafkaBatchStrategy({ settings, groupId: 'gpo-connectors', onFatal });
  const adapter = new FastifyAdapter({ bodyLimit: 1_048_576, forceCloseConnections: true });
  // Callbacks are authenticated and read by the connector, over the raw bytes.
  const raw = { parseAs: 'buffer' } as const;
  adapter.getInstance().addContentTypeParser('*', raw, (_request, body, done) => done(null, body));
  adapter
    .getInstance()
    .addContentTypeParser('application/json', raw, (_request, body, done) => done(null, body));
  const module = ConnectorsModule.with({ config, dataSource, producer, strategy, lanes });
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, { bodyParser: false });
  app.connectMicroservice({ strategy });
  await app.startAllMicroservices();
  await app.listen(config.port, config.host);
  return async () => {
    await app.close();
    await lanes.close();
    await producer.close();
    await dataSource.destroy();
  };
});

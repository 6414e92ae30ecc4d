import 'reflect-metadata';
import { KafkaBatchStrategy, KafkaConnection, runProcess, topicsOf } from '@gpo/messaging';
import { OutboundHttp } from '@gpo/outbound-http';
import { createDataSource, runMigrations, ReadPool } from '@gpo/persistence';
import { StoredMark } from './dispatch/stored-mark.js';
import { createGateway, serveDocs } from './gateway.app.js';
import { readGatewayConfig } from './gateway.config.js';
import { SenderRegistry } from './senders/sender-registry.js';

await runProcess('gateway', async (onFatal) => {
  const config = readGatewayConfig(process.env);
  const senders = SenderRegistry.fromFile(config.sendersFile);
  if (!config.callbackAllowPrivate) senders.requireHttpsCallbacks();
  const dataSource = await createDataSource(config.databaseUrl, config.databasePool).initialize();
  await runMigrations(dataSource);
  const mark = await StoredMark.load(dataSource);
  const settings = config.kafka;
  const kafka = new KafkaConnection(settings);
  await kafka.ensureTopics(topicsOf(config.topicsFile));
  const producer = kafka.producer();
  await producer.connect();
  const strategy = new KafkaBatchStrategy({ settings, groupId: 'gpo-gateway', onFatal });
  const http = new OutboundHttp({
    timeoutMs: config.callbackTimeoutMs,
    maxResponseBytes: 65_536,
    // The callback step has slots for each receiver; a pool here would let two senders on one host wait for each other.
    maxSockets: Number.POSITIVE_INFINITY,
    allowPrivateAddresses: config.callbackAllowPrivate,
  });
  const reader = new ReadPool(config.databaseUrl, config.statusPool);
  const app = await createGateway({ config, dataSource, reader, producer, strategy, senders, http, mark });
  serveDocs(app);
  app.connectMicroservice({ strategy });
  await app.startAllMicroservices();
  await app.listen(config.port, config.host);
  return async () => {
    await app.close();
    http.close();
    await producer.close();
    await reader.close();
    await dataSource.destroy();
  };
});

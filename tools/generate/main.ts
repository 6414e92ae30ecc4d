import 'reflect-metadata';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Logger } from '@nestjs/common';
import type { OpenAPIObject } from '@nestjs/swagger';
import { topicSchemas } from '@gpo/g2p-connect-schemas';
import { KafkaBatchStrategy, KafkaConnection } from '@gpo/messaging';
import { OutboundHttp } from '@gpo/outbound-http';
import { createDataSource, ReadPool } from '@gpo/persistence';
import { StoredMark } from '../../apps/gateway/src/dispatch/stored-mark.js';
import { createGateway, openApi } from '../../apps/gateway/src/gateway.app.js';
import { readGatewayConfig } from '../../apps/gateway/src/gateway.config.js';
import { standardSurface } from '../../apps/gateway/src/openapi/standard-surface.js';
import {
  EVENTS,
  FINAL_STATES,
  OPEN_STATES,
  STATES,
  STATE_TABLE,
} from '../../apps/gateway/src/outcome/states.js';
import { SenderRegistry } from '../../apps/gateway/src/senders/sender-registry.js';

/** Every generated file and its content. Written by `npm run generate`, compared by `npm run check`. */
async function generatedFiles(): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const gateway = await gatewayDescription();
  files.set('openapi/gateway.json', json(gateway));
  files.set('openapi/g2p-connect.json', json(standardSurface(gateway)));
  for (const [topic, schema] of Object.entries(topicSchemas())) {
    files.set(`nussknacker/schemas/${topic}-value.json`, json(schema));
  }
  files.set('docs/states.md', statesPage());
  return files;
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** The gateway is put together without connecting to anything. */
async function gatewayDescription(): Promise<OpenAPIObject> {
  Logger.overrideLogger(false);
  const config = readGatewayConfig({
    DATABASE_URL: 'postgres://127.0.0.1/none',
    KAFKA_BROKERS: '127.0.0.1:1',
  });
  const settings = { brokers: config.kafka.brokers, topicPrefix: '', clientId: 'generate' };
  const http = new OutboundHttp({
    timeoutMs: 1,
    maxResponseBytes: 1,
    maxSockets: 1,
    allowPrivateAddresses: false,
  });
  const app = await createGateway({
    config,
    dataSource: createDataSource(config.databaseUrl, 1),
    reader: new ReadPool(config.databaseUrl, 1),
    producer: new KafkaConnection(settings).producer(),
    strategy: new KafkaBatchStrategy({ settings, groupId: 'generate', onFatal: () => undefined }),
    senders: SenderRegistry.fromFile(config.sendersFile),
    http,
    mark: new StoredMark('generate'),
  });
  return openApi(app);
}

function statesPage(): string {
  const rows = STATES.map(
    (from) => `| ${from} | ${EVENTS.map((event) => STATE_TABLE[from][event] ?? '').join(' | ')} |`,
  );
  return [
    '# States of a disbursement',
    '',
    'Generated from `apps/gateway/src/outcome/states.ts` by `npm run generate`; do not edit.',
    '',
    `Open: ${OPEN_STATES.join(', ')}. Final: ${FINAL_STATES.join(', ')}.`,
    '',
    'A row is the state before, a column what happens, a cell the state after. An empty cell changes nothing.',
    '',
    `| from | ${EVENTS.join(' | ')} |`,
    `| --- |${EVENTS.map(() => ' --- |').join('')}`,
    ...rows,
    '',
  ].join('\n');
}

const check = process.argv.includes('--check');
const differing: string[] = [];
for (const [file, content] of await generatedFiles()) {
  if (existsSync(file) && readFileSync(file, 'utf8') === content) continue;
  differing.push(file);
  if (check) continue;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}
if (differing.length > 0)
  process.stdout.write(`${check ? 'Out of date' : 'Written'}: ${differing.join(', ')}\n`);
if (check && differing.length > 0) process.stdout.write('Run npm run generate and commit the result.\n');
process.exit(check && differing.length > 0 ? 1 : 0);

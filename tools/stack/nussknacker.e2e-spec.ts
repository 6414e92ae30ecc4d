import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freshDatabase, type FreshDatabase } from '@gpo/persistence';
import { ApiClient, journalSummary } from '../sample/api-client.js';
import { StandInEngine } from '../testing/designer-engine-spec.js';
import { DesignerStandIn } from '../testing/designer-stand-in-spec.js';
import { goodLines, message, until } from '../testing/path-rig-spec.js';
import { freePort } from './free-port.js';
import { Stack } from './stack.js';

/** Environment that `npm start` reads, for the time of a test. */
function setEnvironment(values: Record<string, string>): () => void {
  const before = Object.fromEntries(Object.keys(values).map((name) => [name, process.env[name]]));
  Object.assign(process.env, values);
  return () => {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
  };
}

describe('npm start with NUSSKNACKER_URL', () => {
  const dir = mkdtempSync(join(tmpdir(), 'gpo-stack-'));
  const said: string[] = [];
  let database: FreshDatabase;
  let standIn: DesignerStandIn;
  let stack: Stack;
  let restore: () => void;

  beforeAll(async () => {
    const port = await freePort();
    const gatewayUrl = `http://127.0.0.1:${port}`;
    const brokers = process.env.TEST_KAFKA_BROKERS!;
    database = await freshDatabase(process.env.TEST_DATABASE_URL!);
    standIn = new DesignerStandIn({ engine: new StandInEngine([brokers]), registryUrl: () => gatewayUrl });
    await standIn.listen();
    restore = setEnvironment({
      DATABASE_URL: database.url,
      KAFKA_BROKERS: brokers,
      NUSSKNACKER_URL: standIn.url,
      NUSSKNACKER_USER: standIn.settings.user,
      NUSSKNACKER_PASSWORD: standIn.settings.password,
    });
    stack = new Stack({ dir, port, say: (line) => said.push(line) });
    await stack.start();
  }, 120_000);

  afterAll(async () => {
    restore();
    await stack.stop();
    await standIn.close();
    await database.drop();
    rmSync(dir, { recursive: true, force: true });
  }, 60_000);

  it('starts no router, and deploys every scenario once its schemas can be read from the gateway', () => {
    expect(stack.apps.map(({ options }) => options.name)).toEqual([
      'rail-simulator',
      'gateway',
      'connectors',
    ]);
    const running = [...standIn.scenarios]
      .filter(([, { status }]) => status === 'RUNNING')
      .map(([name]) => name);
    expect(running).toEqual(expect.arrayContaining(['request-check', 'response-routing']));
    expect(said.join('\n')).toMatch(/request-check: created, reads 6 partitions of g2p.request/);
  });

  it('a batch is routed there and paid', async () => {
    const gatewayUrl = `http://127.0.0.1:${stack.port('gateway')}`;
    const [transactionId, lines] = [randomUUID(), goodLines(60)];
    await new ApiClient(gatewayUrl).disburse(message(transactionId, lines));
    const batch = await until(60_000, async () => {
      const found = await new ApiClient(gatewayUrl).batch(transactionId);
      return found.completed_at === null ? undefined : found;
    });
    expect(batch.states.succeeded!.count).toBe(60);
    const { payments } = await journalSummary(`http://127.0.0.1:${stack.port('simulator')}`);
    expect(payments).toBe(60);
  }, 90_000);
});

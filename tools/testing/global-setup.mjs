import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Real PostgreSQL and Kafka on free loopback ports, once for all test projects of this run. */
export default async function setUp() {
  if (globalThis.gpoTestStack !== undefined) return;
  const [{ startKafka }, { startPostgres }, { freePort }] = await Promise.all([
    import('../../dist/tools/stack/kafka.js'),
    import('../../dist/tools/stack/postgres.js'),
    import('../../dist/tools/stack/free-port.js'),
  ]);
  const dir = mkdtempSync(join(tmpdir(), 'gpo-test-'));
  const pids = join(dir, 'pids');
  mkdirSync(pids);
  const ports = [await freePort(), await freePort(), await freePort()];
  const [postgres, kafka] = await Promise.all([
    startPostgres({ dir: join(dir, 'postgres'), port: ports[0], pids }),
    startKafka({ dir: join(dir, 'kafka'), port: ports[1], controllerPort: ports[2], pids }),
  ]);
  globalThis.gpoTestStack = { postgres, kafka, dir };
  process.env.TEST_DATABASE_URL = postgres.url;
  process.env.TEST_KAFKA_BROKERS = kafka.brokers;
}

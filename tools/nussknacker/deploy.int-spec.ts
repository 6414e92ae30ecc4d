import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { KafkaConnection } from '@gpo/messaging';
import { createDataSource, freshDatabase, readRoutingEngine } from '@gpo/persistence';
import type { ScenarioFile } from '@gpo/scenario';
import { StandInEngine } from '../testing/designer-engine-spec.js';
import { DesignerStandIn } from '../testing/designer-stand-in-spec.js';
import type { Deployed } from './deploy.js';
import { deployTo } from './designer.session.js';
import { readScenarioSources } from './scenario-source.js';

/** Deploying against the stand-in, with consumer groups on a real Kafka. */
describe('gpo rules deploy', () => {
  const kafka = { brokers: [process.env.TEST_KAFKA_BROKERS!], topicPrefix: '', clientId: 'gpo-test' };
  const folder = mkdtempSync(join(tmpdir(), 'gpo-deploy-'));
  let standIn: DesignerStandIn;
  let name: string;

  beforeAll(() => new KafkaConnection(kafka).ensureTopics());
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  beforeEach(async () => {
    // A scenario of its own for each test, so that each has its own consumer group.
    name = `request-check-${randomBytes(4).toString('hex')}`;
    write((file) => (file.metaData!.id = name));
    standIn = new DesignerStandIn({ engine: new StandInEngine(kafka.brokers) });
    await standIn.listen();
  });

  afterEach(() => standIn.close());

  function write(change: (file: ScenarioFile) => void): void {
    const file = JSON.parse(readFileSync('nussknacker/scenarios/request-check.json', 'utf8')) as ScenarioFile;
    file.metaData!.id = name;
    change(file);
    writeFileSync(join(folder, 'scenario.json'), JSON.stringify(file));
  }

  function deploy(timeoutMs = 30_000): Promise<Deployed[]> {
    return deployTo(standIn.settings, kafka, readScenarioSources(folder), {
      say: () => undefined,
      timeoutMs,
    });
  }

  async function produce(records: number): Promise<void> {
    const producer = new KafkaConnection(kafka).producer();
    await producer.connect();
    const value = JSON.stringify({ amount: '1.00' });
    await producer.send(
      'g2p.request',
      Array.from({ length: records }, (_, key) => ({ key: String(key), value })),
    );
    await producer.close();
  }

  function committed(): Promise<bigint> {
    return new KafkaConnection(kafka).withAdmin(async (admin) => {
      const [topic] = await admin.fetchOffsets({ groupId: name, topics: ['g2p.request'] });
      return topic!.partitions.reduce((sum, { offset }) => sum + (offset === '-1' ? 0n : BigInt(offset)), 0n);
    });
  }

  it('creates, saves and deploys, and comes back only when the messages that waited are consumed', async () => {
    await produce(50);
    expect(await deploy()).toEqual([{ scenario: name, result: 'created' }]);
    expect(await committed()).toBeGreaterThan(0n);
    expect(standIn.scenarios.get(name)).toMatchObject({ deployedVersion: 2, status: 'RUNNING' });
  });

  it('a second time changes nothing: no new version, no deployment', async () => {
    await deploy();
    standIn.calls.length = 0;
    expect(await deploy()).toEqual([{ scenario: name, result: 'unchanged' }]);
    expect(standIn.calls.filter((call) => call.startsWith('PUT') || call.includes('/deploy/'))).toEqual([]);
    expect(standIn.scenarios.get(name)?.versions.length).toBe(2);
  });

  it('a changed file becomes a new version and replaces the run before', async () => {
    await deploy();
    write((file) => Object.assign(file.nodes![1]!, { additionalFields: layout('changed') }));
    expect(await deploy()).toEqual([{ scenario: name, result: 'updated' }]);
    expect(standIn.scenarios.get(name)).toMatchObject({ deployedVersion: 3 });
  });

  it('an edit in the Designer that the file does not have is replaced by the file, as a version of its own', async () => {
    await deploy();
    standIn.edit(name, (file) => Object.assign(file.nodes![1]!, { additionalFields: layout('by hand') }));
    expect(await deploy()).toEqual([{ scenario: name, result: 'updated' }]);
    expect(standIn.scenarios.get(name)?.versions.map(({ comment }) => comment)).toEqual([
      '',
      'gpo rules deploy',
      'by hand',
      'gpo rules deploy',
    ]);
  });

  it('RUNNING is not enough: a scenario that does not consume is reported, not waved through', async () => {
    await produce(1);
    standIn.faults.neverConsumes = true;
    await expect(deploy(4000)).rejects.toThrow(
      /did not consume within 4 seconds.*RUNNING.*nobody is in the consumer/,
    );
  });

  it('a scenario that restarts for ever is reported as that', async () => {
    standIn.faults.restarts = true;
    await expect(deploy(3000)).rejects.toThrow(/restarts again and again/);
  });

  it('waits through an answer of "Thread pool termination timeout"', async () => {
    standIn.faults.threadsBusy = 1;
    expect(await deploy()).toEqual([{ scenario: name, result: 'created' }]);
  });

  it('waits for a Designer that is still starting', async () => {
    standIn.faults.unhealthy = 3;
    expect(await deploy()).toEqual([{ scenario: name, result: 'created' }]);
  });

  it('refuses an invalid scenario with node and message, and saves and deploys nothing', async () => {
    write((file) => (file.nodes![1]!.value!.expression = '#inptu.amount'));
    await expect(deploy()).rejects.toThrow(/was not deployed:\n {2}node "Amount as number": .*inptu/);
    expect(standIn.calls.filter((call) => call.startsWith('PUT') || call.includes('/deploy/'))).toEqual([]);
    expect(standIn.scenarios.get(name)?.versions.length).toBe(1);
  });

  it('refuses before the first call what the Designer would import and stumble over', async () => {
    write((file) => Object.assign(file.nodes![1]!, { additionalFields: { layoutData: null } }));
    await expect(deploy()).rejects.toThrow(/node "Amount as number": additionalFields.layoutData/);
    expect(standIn.calls).toEqual(['GET /api/app/healthCheck']);
  });

  it('refuses wrong credentials at once, and a topic prefix', async () => {
    const [sources, options] = [readScenarioSources(folder), { say: () => undefined, timeoutMs: 30_000 }];
    const wrong = { ...standIn.settings, password: 'wrong' };
    await expect(deployTo(wrong, kafka, sources, options)).rejects.toThrow(/refuses the user "admin"/);
    await expect(
      deployTo(standIn.settings, { ...kafka, topicPrefix: 'a.' }, sources, options),
    ).rejects.toThrow(/KAFKA_TOPIC_PREFIX/);
  });
  it('as a command: deploys as the engine that routes, brings an edit of the Designer back into the file, and ends with 1 and the node when invalid', async () => {
    const database = await freshDatabase(process.env.TEST_DATABASE_URL!);
    const gpo = (...words: string[]): Promise<{ stdout: string }> =>
      promisify(execFile)(process.execPath, ['dist/tools/gpo/main.js', 'rules', 'deploy', ...words], {
        env: {
          PATH: process.env.PATH,
          KAFKA_BROKERS: kafka.brokers.join(','),
          DATABASE_URL: database.url,
          SCENARIOS_DIR: folder,
          NUSSKNACKER_URL: `${standIn.url}/`,
          NUSSKNACKER_PASSWORD: standIn.settings.password,
        },
      });
    expect((await gpo()).stdout).toContain(`${name}: created, reads 6 partitions of g2p.request.`);
    standIn.edit(name, (file) => Object.assign(file.nodes![1]!, { additionalFields: layout('by hand') }));
    expect((await gpo('--export')).stdout).toContain(`${name}: written to`);
    expect((await gpo('--export', name)).stdout).toContain("is the Designer's version already");
    const written = JSON.parse(readFileSync(join(folder, 'scenario.json'), 'utf8')) as ScenarioFile;
    expect(written.nodes![1]).toMatchObject({ additionalFields: { description: 'by hand' } });
    expect((await gpo(name)).stdout).toContain(`${name}: deployed again`);
    const record = await createDataSource(database.url, 1).initialize();
    expect(await readRoutingEngine(record)).toMatchObject({ engine: 'nussknacker', instance: standIn.url });
    const versions = await record.query<{ scenario: string }[]>('SELECT scenario FROM scenario_version');
    expect(versions).toEqual([{ scenario: name }, { scenario: name }]);
    await record.query(`UPDATE routing_engine SET engine = 'embedded'`);
    await expect(gpo(name)).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/rules engine switch/),
    });
    await record.query(`UPDATE routing_engine SET engine = 'nussknacker'`);
    await record.destroy();
    write((file) => (file.nodes![1]!.value!.expression = '#inptu.amount'));
    await expect(gpo()).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/Amount as number.*inptu/),
    });
    await database.drop();
  }, 60_000);
});

function layout(description: string): Record<string, unknown> {
  return { description, layoutData: { x: 1, y: 2 } };
}

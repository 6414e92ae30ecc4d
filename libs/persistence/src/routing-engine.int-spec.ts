import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { createDataSource } from './data-source.js';
import { freshDatabase, type FreshDatabase } from './fresh-database.js';
import {
  EngineRefused,
  claimRoutingEngine,
  readRoutingEngine,
  switchRoutingEngine,
  type EngineName,
} from './routing-engine.js';
import { RoutingEngineHold } from './routing-engine.hold.js';
import { ActiveScenarios, recordScenarioVersions } from './scenario-version.repository.js';

describe('the routing engine', () => {
  let database: FreshDatabase;
  let dataSource: DataSource;
  const holds: RoutingEngineHold[] = [];
  const events: string[] = [];

  beforeAll(async () => {
    database = await freshDatabase(process.env.TEST_DATABASE_URL!);
    dataSource = await createDataSource(database.url, 4).initialize();
  });

  beforeEach(async () => {
    await dataSource.query('DELETE FROM routing_engine');
    await dataSource.query('DELETE FROM scenario_version');
    events.length = 0;
  });

  afterEach(async () => {
    for (const hold of holds.splice(0)) await hold.close();
  });

  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  const router = (engine: EngineName = 'embedded', instance = 'router'): RoutingEngineHold => {
    const hold = new RoutingEngineHold(
      database.url,
      { engine, instance },
      {
        onHeld: () => events.push('held'),
        onLost: () => events.push('lost'),
        onRefused: () => events.push('refused'),
      },
    );
    holds.push(hold);
    return hold;
  };
  const until = async (test: () => boolean): Promise<void> => {
    for (let tries = 0; !test(); tries += 1) {
      if (tries > 200) throw new Error(`not within 10 s: ${events.join(', ')}`);
      await sleep(50);
    }
  };

  it('is the first that claims, replicas of it join, and another is refused with what to do', async () => {
    await Promise.all([router().acquire(), router('embedded', 'replica').acquire()]);
    expect(await readRoutingEngine(dataSource)).toMatchObject({ engine: 'embedded', routers: 2 });
    const claim = claimRoutingEngine(dataSource, { engine: 'nussknacker', instance: 'http://nu' });
    await expect(claim).rejects.toThrow(EngineRefused);
    await expect(claim).rejects.toThrow(
      /"nussknacker" may not route here: "embedded" \(.*\) does since .* rules engine switch nussknacker/,
    );
  });

  it('is claimed by one of two different engines that start in the same moment', async () => {
    const results = await Promise.allSettled([
      router().acquire(),
      claimRoutingEngine(dataSource, { engine: 'nussknacker', instance: 'http://nu' }),
    ]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('does not change hands while a router holds it, and does when the router has ended', async () => {
    const hold = router();
    await hold.acquire();
    const claim = { engine: 'nussknacker', instance: 'http://nu' } as const;
    await expect(switchRoutingEngine(dataSource, claim)).rejects.toThrow('stop every router process');
    await hold.close();
    expect(await switchRoutingEngine(dataSource, claim)).toBe(true);
    expect(await switchRoutingEngine(dataSource, claim)).toBe(false);
    await claimRoutingEngine(dataSource, claim);
    await expect(router().acquire()).rejects.toThrow('cancel the scenarios in the Designer');
  });

  it('a router whose connection is cut stops at once and goes on when it holds the lock again', async () => {
    const hold = router();
    await hold.acquire();
    await cut();
    await until(() => events.includes('lost'));
    expect(hold.isHeld).toBe(false);
    await until(() => hold.isHeld);
    expect(events).toEqual(['held', 'lost', 'held']);
  });

  it('a router that lost its connection and finds another engine is told to end', async () => {
    const hold = router();
    await hold.acquire();
    await cut();
    await until(() => events.includes('lost'));
    // What `switch` does, in the moment in which nobody holds the engine.
    await dataSource.query(`UPDATE routing_engine SET engine = 'nussknacker'`);
    await until(() => events.includes('refused'));
    expect(hold.isHeld).toBe(false);
  });

  it('a router that was killed is in again at once, while its old session still looks alive', async () => {
    await router().acquire();
    const started = Date.now();
    await router('embedded', 'restarted').acquire();
    expect(Date.now() - started).toBeLessThan(1000);
  });

  const cut = (): Promise<unknown> =>
    dataSource.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'gpo-router-hold'
          AND datname = current_database()`,
    );

  const activation = (version: string, sinkTopics = ['g2p.filtered-requests']) => ({
    scenario: 'request-check',
    version,
    sourceTopic: 'g2p.request',
    sinkTopics,
    file: `{"v":"${version}"}`,
  });

  it('a version is recorded once by many replicas, and again when it comes back after another', async () => {
    const record = (version: string): Promise<void> =>
      recordScenarioVersions(dataSource, 'embedded', [activation(version)]);
    await Promise.all(Array.from({ length: 5 }, () => record('aaaaaaaa')));
    await record('bbbbbbbb');
    await record('aaaaaaaa');
    const rows = await dataSource.query<{ version: string; file: string }[]>(
      'SELECT version, file FROM scenario_version ORDER BY activation_id',
    );
    expect(rows.map(({ version }) => version)).toEqual(['aaaaaaaa', 'bbbbbbbb', 'aaaaaaaa']);
    expect(rows[1]!.file).toBe('{"v":"bbbbbbbb"}');
  });

  it('a record without a header is from the version deployed last, with Nussknacker only', async () => {
    await recordScenarioVersions(dataSource, 'embedded', [activation('eeeeeeee')]);
    await recordScenarioVersions(dataSource, 'nussknacker', [activation('aaaaaaaa')]);
    await recordScenarioVersions(dataSource, 'nussknacker', [activation('bbbbbbbb')]);
    const writer = (): Promise<unknown> => new ActiveScenarios(dataSource).writerOf('g2p.filtered-requests');
    await claimRoutingEngine(dataSource, { engine: 'embedded', instance: 'router' });
    expect(await writer()).toBeUndefined();
    await switchRoutingEngine(dataSource, { engine: 'nussknacker', instance: 'http://nu' });
    expect(await writer()).toEqual({ scenario: 'request-check', version: 'bbbbbbbb' });
    expect(await new ActiveScenarios(dataSource).writerOf('g2p.success')).toBeUndefined();
    await recordScenarioVersions(dataSource, 'nussknacker', [
      { ...activation('cccccccc'), scenario: 'on-hold' },
    ]);
    expect(await writer()).toBeUndefined();
  });

  it('its tables go and come back with their migration', async () => {
    await dataSource.undoLastMigration();
    await dataSource.runMigrations();
    expect(await readRoutingEngine(dataSource)).toBeUndefined();
  });
});

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { DataSource } from 'typeorm';
import { topicSchemas } from '@gpo/g2p-connect-schemas';
import { createDataSource, freshDatabase, inTransaction, type FreshDatabase } from '@gpo/persistence';
import { GatewayConfig, readGatewayConfig } from '../src/gateway.config.js';
import { SchemaRegistry } from '../src/schema-registry/schema-registry.js';
import { SchemaRegistryController } from '../src/schema-registry/schema-registry.controller.js';
import { readVersion, registerSchemas, type StoredSchema } from '../src/schema-registry/schema.repository.js';

const SUBJECT = 'g2p.request-value';
const OPEN = new Set<NestFastifyApplication>();

/** The registry's part of a gateway, on a real PostgreSQL. */
async function startRegistry(dataSource: DataSource, env = {}): Promise<NestFastifyApplication> {
  const config = readGatewayConfig({ DATABASE_URL: 'postgres://unused', KAFKA_BROKERS: 'unused:1', ...env });
  const module = await Test.createTestingModule({
    controllers: [SchemaRegistryController],
    providers: [
      SchemaRegistry,
      { provide: DataSource, useValue: dataSource },
      { provide: GatewayConfig, useValue: config },
    ],
  }).compile();
  const app = module.createNestApplication<NestFastifyApplication>(
    new FastifyAdapter({ forceCloseConnections: true }),
  );
  await app.listen(0, '127.0.0.1');
  OPEN.add(app);
  return app;
}

interface Answer {
  status: number;
  type: string | undefined;
  body: unknown;
}

async function get(app: NestFastifyApplication, path: string, authorization?: string): Promise<Answer> {
  const headers = authorization === undefined ? {} : { Authorization: authorization };
  const answer = await fetch(`${await app.getUrl()}${path}`, { headers });
  return {
    status: answer.status,
    type: answer.headers.get('content-type') ?? undefined,
    body: await answer.json(),
  };
}

describe('the schema registry for Nussknacker', () => {
  let database: FreshDatabase;
  let dataSource: DataSource;
  let app: NestFastifyApplication;

  beforeAll(async () => {
    database = await freshDatabase(process.env.TEST_DATABASE_URL!);
    dataSource = await createDataSource(database.url, 8).initialize();
  });

  beforeEach(async () => {
    await dataSource.query('TRUNCATE registry_schema');
    app = await startRegistry(dataSource);
  });

  afterEach(async () => {
    for (const one of OPEN) await one.close();
    OPEN.clear();
  });

  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  it('answers every call of its client: subjects, versions, latest, one version, and the schema by id', async () => {
    const subjects = await get(app, '/subjects');
    expect(subjects).toMatchObject({ status: 200, type: 'application/vnd.schemaregistry.v1+json' });
    expect(subjects.body).toEqual(
      Object.keys(topicSchemas())
        .map((topic) => `${topic}-value`)
        .sort(),
    );
    const versions = `/subjects/${SUBJECT}/versions`;
    expect((await get(app, `${versions}?deleted=false&deletedOnly=false`)).body).toEqual([1]);
    expect((await get(app, `${versions}?deleted=true`)).body).toEqual([1]);
    const latest = await get(app, `${versions}/latest`);
    const { id, schema } = latest.body as { id: number; schema: string };
    expect(latest.body).toEqual({
      subject: SUBJECT,
      version: 1,
      id,
      schemaType: 'JSON',
      references: [],
      schema,
    });
    expect(JSON.parse(schema)).toEqual(topicSchemas()['g2p.request']);
    expect((await get(app, `${versions}/1`)).body).toEqual(latest.body);
    expect((await get(app, `${versions}/-1`)).body).toEqual(latest.body);
    expect((await get(app, `/schemas/ids/${id}?subject=${SUBJECT}`)).body).toMatchObject({ schema });
  });

  it.each([
    ['/subjects/nothing/versions', 404, 40401],
    ['/subjects/nothing/versions/latest', 404, 40401],
    ['/subjects/nothing/versions/1', 404, 40401],
    [`/subjects/${SUBJECT}/versions?deletedOnly=true`, 404, 40401],
    [`/subjects/${SUBJECT}/versions/7`, 404, 40402],
    [`/subjects/${SUBJECT}/versions/first`, 422, 42202],
    [`/subjects/${SUBJECT}/versions/0`, 422, 42202],
    [`/subjects/${SUBJECT}/versions/99999999999`, 422, 42202],
    ['/schemas/ids/4711', 404, 40403],
    ['/schemas/ids/9999999999', 404, 40403],
    ['/schemas/ids/one', 404, 40403],
  ])('%s is refused with %i and error_code %i', async (url, status, error_code) => {
    const answer = await get(app, url);
    expect(answer).toMatchObject({
      status,
      type: 'application/vnd.schemaregistry.v1+json',
      body: { error_code },
    });
  });

  it('ids and versions stay over restarts and are the same from several gateways that start at once', async () => {
    const before = await dataSource.query<unknown[]>('SELECT * FROM registry_schema ORDER BY schema_id');
    await Promise.all([1, 2, 3, 4].map(() => startRegistry(dataSource)));
    expect(await dataSource.query('SELECT * FROM registry_schema ORDER BY schema_id')).toEqual(before);
    await dataSource.query('TRUNCATE registry_schema');
    await Promise.all([1, 2, 3, 4].map(() => startRegistry(dataSource)));
    const counted =
      'SELECT count(*)::int AS rows, count(DISTINCT schema_id)::int AS ids, max(version) AS version';
    const [{ rows, ids, version }] = await dataSource.query<[{ rows: number; ids: number; version: number }]>(
      `${counted} FROM registry_schema`,
    );
    expect({ rows, ids, version }).toEqual({ rows: before.length, ids: before.length, version: 1 });
  });

  it('a changed schema gets a new version and an id that was never used; the old one stays readable', async () => {
    const register = (text: string): Promise<StoredSchema[]> =>
      inTransaction(dataSource, (sql) => registerSchemas(sql, new Map([[SUBJECT, text]])));
    const old = (await readVersion(dataSource, SUBJECT, undefined))!;
    const [{ max }] = await dataSource.query<[{ max: number }]>('SELECT max(schema_id) FROM registry_schema');
    expect(await register('{"title":"New"}')).toEqual([
      { schema_id: max + 1, subject: SUBJECT, version: 2, schema: '{"title":"New"}' },
    ]);
    expect(await register('{"title":"New"}')).toEqual([]);
    expect((await get(app, `/subjects/${SUBJECT}/versions/latest`)).body).toMatchObject({
      version: 2,
      id: max + 1,
    });
    expect((await get(app, `/subjects/${SUBJECT}/versions/1`)).body).toMatchObject({ id: old.schema_id });
    expect((await get(app, `/schemas/ids/${old.schema_id}`)).body).toMatchObject({ schema: old.schema });
    // Back to the older release: its text again, and never its old id under a newer version.
    expect(await register(old.schema)).toMatchObject([{ version: 3, schema_id: max + 2 }]);
  });

  it("with SCHEMA_REGISTRY_CREDENTIALS only those are let in, and 401 says so in the registry's shape", async () => {
    const guarded = await startRegistry(dataSource, { SCHEMA_REGISTRY_CREDENTIALS: 'nu:secret:with:colons' });
    expect(await get(guarded, '/subjects')).toMatchObject({ status: 401, body: { error_code: 40101 } });
    expect((await get(guarded, '/subjects', `Basic ${btoa('nu:wrong')}`)).status).toBe(401);
    expect((await get(guarded, '/subjects', `Basic ${btoa('nu:secret:with:colons')}`)).status).toBe(200);
    expect(() =>
      readGatewayConfig({ DATABASE_URL: 'x', KAFKA_BROKERS: 'x', SCHEMA_REGISTRY_CREDENTIALS: 'nu' }),
    ).toThrow(/user:password/);
  });
});

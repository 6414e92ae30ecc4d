import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** The parts of docker/compose.yaml that are compared with the project. */
export interface ComposeService {
  image?: string;
  build?: { context: string; dockerfile: string };
  environment?: Record<string, string>;
  volumes?: string[];
  ports?: string[];
  profiles?: string[];
  command?: string[];
  network_mode?: string;
  healthcheck?: { test?: string[]; disable?: boolean };
  depends_on?: Record<string, { condition: string }>;
}

export interface ComposeFile {
  services: Record<string, ComposeService>;
  volumes: Record<string, null>;
}

export const COMPOSE_FILE = 'docker/compose.yaml';

export function readCompose(): ComposeFile {
  // Merge keys are in the Compose specification, not in YAML 1.2.
  return parse(readFileSync(COMPOSE_FILE, 'utf8'), { merge: true }) as ComposeFile;
}

export interface Dockerfile {
  /** Sources copied from the project, not from another stage. */
  copies: string[];
  env: Record<string, string>;
  exposed: string[];
  user: string | undefined;
  healthcheck: string[] | undefined;
  command: string[];
}

/** Reads the instructions of a Dockerfile's text that name things of the project. */
export function readDockerfile(text: string): Dockerfile {
  const lines = text.split('\n');
  const of = (word: string): string[] =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
  const [health] = of('HEALTHCHECK');
  return {
    copies: of('COPY')
      .filter((line) => !line.startsWith('--from='))
      .flatMap((line) => line.split(' ').slice(0, -1)),
    env: Object.fromEntries(
      of('ENV').flatMap((line) => line.split(' ').map((pair) => pair.split('=') as [string, string])),
    ),
    exposed: of('EXPOSE').flatMap((ports) => ports.split(' ')),
    user: of('USER').at(-1),
    healthcheck:
      health === undefined ? undefined : (JSON.parse(health.slice(health.indexOf('['))) as string[]),
    command: JSON.parse(of('CMD').at(-1) ?? '[]') as string[],
  };
}

/** Paths of the project that .dockerignore lets into an image. */
export function isInContext(path: string): boolean {
  const rules = readFileSync('.dockerignore', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('!'))
    .map((line) => line.slice(1));
  return rules.some((rule) => path === rule || path.startsWith(`${rule}/`) || rule.startsWith(`${path}/`));
}

/** `${NAME}`, `${NAME:-default}` and `${NAME:?words}` in a text. `$$` is a plain dollar sign. */
export function variablesOf(text: string): string[] {
  const found = text.replaceAll('$$', '').matchAll(/\$\{([A-Z_]+)/g);
  return [...new Set([...found].map(([, name]) => name!))].sort();
}

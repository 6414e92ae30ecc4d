import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { CONNECTORS } from './connector-registry.js';

const SOURCES = 'apps/connectors/src';
const REGISTRY = `${SOURCES}/connector-registry.ts`;

function files(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(folder, file));
}

/** Files outside a connector's folder that import from it. */
function importers(name: string, sources: ReadonlyMap<string, string>): string[] {
  const folder = `${SOURCES}/${name}/`;
  return [...sources].flatMap(([file, text]) => {
    if (file.startsWith(folder)) return [];
    const targets = [...text.matchAll(/(?:from|import|import\()\s*'(\.[^']*)'/g)].map(
      ([, path = '']) => path,
    );
    const inside = targets.some((path) => relative('.', resolve(file, '..', path)).startsWith(folder));
    return inside ? [file] : [];
  });
}

describe('the registry of connectors', () => {
  const sources = new Map(
    ['apps', 'libs', 'tools'].flatMap(files).map((file) => [file, readFileSync(file, 'utf8')] as const),
  );

  it.each(Object.keys(CONNECTORS))(
    '%s: nothing but the registry imports from its folder, so that it can be deleted with its line there',
    (name) => {
      expect(importers(name, sources)).toEqual([REGISTRY]);
      const planted = new Map([['tools/planted.ts', `import { x } from '../${SOURCES}/${name}/x.js';`]]);
      expect(importers(name, planted)).toEqual(['tools/planted.ts']);
    },
  );
});

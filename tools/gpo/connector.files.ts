import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandFailed } from './command-failed.js';

const TEMPLATES = 'tools/gpo/connector-template';
const CONNECTORS = 'apps/connectors/src';
const REGISTRY = join(CONNECTORS, 'connector-registry.ts');
/** As the manifest's id; also a folder, a file name and an identifier. */
const NAME = /^[a-z][a-z0-9]{1,30}$/;
const FACTORY_TYPE = '/** What a connector is made from';
const END = '};\n';

/**
 * Writes a connector from the templates, and its line in the registry.
 * @param root of the checkout.
 * @returns the files that were written, from the root.
 * @throws CommandFailed where the name cannot be one, is taken, or this is no checkout.
 */
export function addConnector(root: string, name: string): string[] {
  if (!NAME.test(name))
    throw new CommandFailed(`A connector's name is lower-case letters and digits, so not "${name}".`, 1);
  if (!existsSync(join(root, TEMPLATES)))
    throw new CommandFailed('A connector is added to a checkout of the project: run this in its root.', 1);
  const registry = readFileSync(join(root, REGISTRY), 'utf8');
  const folder = join(CONNECTORS, name);
  if (existsSync(join(root, folder)) || new RegExp(`^  ${name},$`, 'm').test(registry))
    throw new CommandFailed(`There is a connector ${name} already.`, 1);
  mkdirSync(join(root, folder));
  const written = readdirSync(join(root, TEMPLATES)).map((template) => {
    const file = join(folder, template.replace(/^rail\./, `${name}.`).replace(/\.txt$/, ''));
    writeFileSync(join(root, file), filled(readFileSync(join(root, TEMPLATES, template), 'utf8'), name));
    return file;
  });
  writeFileSync(join(root, REGISTRY), registered(registry, name));
  return [...written.toSorted(), REGISTRY];
}

function filled(template: string, name: string): string {
  return template
    .replaceAll('{{name}}', name)
    .replaceAll('{{Name}}', name[0]!.toUpperCase() + name.slice(1))
    .replaceAll('{{NAME}}', name.toUpperCase());
}

/** One import after the others, one line at the end of the list. */
function registered(registry: string, name: string): string {
  const line = `import { ${name} } from './${name}/${name}.connector.js';\n`;
  const at = registry.indexOf(FACTORY_TYPE) - 1;
  const withImport = registry.slice(0, at) + line + registry.slice(at);
  const end = withImport.lastIndexOf(END);
  return `${withImport.slice(0, end)}  ${name},\n${withImport.slice(end)}`;
}

import { isInterfaceA, type OpenAPIObject } from './document.js';

/** Where the specification prints its server; the tenant is free text, because the credential tells who calls (D29). */
export const SERVERS = [
  { url: '/', description: 'This gateway.' },
  {
    url: '/{tenant}/v1.0.0',
    description: 'The same as the specification prints it.',
    variables: { tenant: { default: 'namespace', description: 'Free text.' } },
  },
];

/** The part of the document that G2P Connect names, with no more schemas than it needs. */
export function standardSurface(document: OpenAPIObject): OpenAPIObject {
  const paths = Object.fromEntries(
    Object.entries(document.paths)
      .filter(([path]) => isInterfaceA(path))
      .map(([path, item]) => [path, without(item, 'servers')]),
  );
  const schemas = document.components?.schemas ?? {};
  const needed = reachable(paths, schemas);
  return {
    ...document,
    info: {
      ...document.info,
      title: 'G2P Connect disburse',
      description:
        'The G2P Connect disburse API (disburse_core_api_v1.0.0) as this gateway serves it, and nothing else.',
    },
    servers: SERVERS,
    paths,
    components: {
      securitySchemes: document.components?.securitySchemes ?? {},
      schemas: Object.fromEntries(Object.entries(schemas).filter(([name]) => needed.has(name))),
    },
  };
}

function without<T extends object>(value: T, name: string): T {
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== name)) as T;
}

/** Names of the schemas that `value` refers to, also by way of others. */
export function reachable(value: unknown, schemas: Readonly<Record<string, unknown>>): Set<string> {
  const found = new Set<string>();
  const queue: unknown[] = [value];
  while (queue.length > 0) {
    for (const [, name] of JSON.stringify(queue.pop()).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      if (found.has(name!)) continue;
      found.add(name!);
      queue.push(schemas[name!] ?? {});
    }
  }
  return found;
}

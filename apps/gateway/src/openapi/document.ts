import type { OpenAPIObject } from '@nestjs/swagger';

export type { OpenAPIObject };
export type PathItem = OpenAPIObject['paths'][string];
export type Operation = NonNullable<PathItem['post']>;
export type Responses = Operation['responses'];

/** Methods that an operation of ours can have. */
export const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;
export type Method = (typeof METHODS)[number];

/** One operation and where it stands. */
export interface Placed {
  path: string;
  method: Method;
  operation: Operation;
}

/** Every operation of a document, in its order. */
export function operationsOf({ paths }: OpenAPIObject): Placed[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method];
      return operation === undefined ? [] : [{ path, method, operation }];
    }),
  );
}

/** A reference to a schema of this document. */
export function schemaRef(name: string): { $ref: string } {
  return { $ref: `#/components/schemas/${name}` };
}

/** True for the endpoints of interface A: what G2P Connect names. */
export function isInterfaceA(path: string): boolean {
  return path === '/disburse' || path.startsWith('/disburse/');
}

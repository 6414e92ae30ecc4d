import type { FastifyInstance } from 'fastify';
import { ApiError } from './api-error.js';
import { refuse } from './api-refusal.js';

/**
 * Answers a method that a path does not have with 405 and `Allow`, where Fastify would say that there is no such path.
 * To be called before any route is added. Which methods there are is published, so this comes before the credentials.
 */
export function refuseWrongMethods(fastify: FastifyInstance): void {
  const methodsOf = new Map<string, Set<string>>();
  fastify.addHook('onRoute', ({ url, method }) => {
    const methods = methodsOf.get(url) ?? new Set();
    for (const one of [method].flat()) methods.add(one);
    methodsOf.set(url, methods);
  });
  let routes: Route[] | undefined;
  fastify.addHook('onRequest', async (request, reply) => {
    if (!request.is404) return;
    routes ??= [...methodsOf].map(([url, methods]) => ({ path: pathOf(url), methods: [...methods].sort() }));
    const allowed = allowedOn(routes, request.url);
    if (allowed.length === 0) return;
    void reply.header('Allow', allowed.join(', '));
    return refuse(
      reply,
      new ApiError(
        'err.request.method_not_allowed',
        `This path takes ${allowed.join(', ')} and no other method.`,
      ),
    );
  });
}

/** A path with its methods, in alphabetical order. */
export interface Route {
  path: RegExp;
  methods: readonly string[];
}

/** The paths that a route's pattern stands for: `:name` is one segment, which is how our routes are written. */
export function pathOf(pattern: string): RegExp {
  const segments = pattern
    .split('/')
    .map((segment) => (segment.startsWith(':') ? '[^/]+' : literal(segment)));
  return new RegExp(`^${segments.join('/')}$`);
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** The methods of every route that has this address. */
export function allowedOn(routes: readonly Route[], url: string): string[] {
  const [path = ''] = url.split('?', 1);
  return [
    ...new Set(routes.filter((route) => route.path.test(path)).flatMap(({ methods }) => methods)),
  ].sort();
}

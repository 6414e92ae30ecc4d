import { describe, expect, it } from '@jest/globals';
import { allowedOn, pathOf } from './allowed-methods.js';

const ROUTES = [
  { path: pathOf('/disburse'), methods: ['POST'] },
  { path: pathOf('/api/v1/batches/:batch_id'), methods: ['GET', 'HEAD'] },
  { path: pathOf('/api/v1/batches/:batch_id/hold'), methods: ['POST'] },
  { path: pathOf('/docs.json'), methods: ['GET'] },
];

describe('the methods that an address has', () => {
  it.each([
    ['/disburse', ['POST']],
    ['/disburse?x=1', ['POST']],
    ['/api/v1/batches/7', ['GET', 'HEAD']],
    ['/api/v1/batches/7/hold', ['POST']],
    ['/docs.json', ['GET']],
  ])('%s', (url, methods) => {
    expect(allowedOn(ROUTES, url)).toEqual(methods);
  });

  it.each(['/', '/disburse/x', '/api/v1/batches/', '/api/v1/batches/7/hold/8', '/docsxjson'])(
    '%s has none: there is no such path',
    (url) => {
      expect(allowedOn(ROUTES, url)).toEqual([]);
    },
  );
});

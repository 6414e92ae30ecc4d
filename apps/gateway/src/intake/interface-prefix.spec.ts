import { describe, expect, it } from '@jest/globals';
import { interfacePath } from './interface-prefix.js';

describe('D29: where interface A is found', () => {
  it.each([
    ['/disburse', '', '/disburse'],
    ['/namespace/v1.0.0/disburse', '', '/disburse'],
    ['/kenya/v1.0.0/disburse/sync/txn/status?x=1', '', '/disburse/sync/txn/status?x=1'],
    ['/api/payments/disburse/search', '/api/payments', '/disburse/search'],
    ['/api/payments/disburse', '', '/api/payments/disburse'],
    ['/api/payments/docs', '/api/payments', '/api/payments/docs'],
    ['/kenya/v1.0.0/metrics', '', '/kenya/v1.0.0/metrics'],
    ['/kenya/v1.0.0/disburser', '', '/kenya/v1.0.0/disburser'],
    ['/a/b/v1.0.0/disburse', '', '/a/b/v1.0.0/disburse'],
    ['/v1.0.0/disburse', '', '/v1.0.0/disburse'],
    ['/api/v1/batches', '/api/v1', '/api/v1/batches'],
  ])('%s with the prefix "%s" is %s', (url, prefix, path) => {
    expect(interfacePath(url, prefix)).toBe(path);
  });
});

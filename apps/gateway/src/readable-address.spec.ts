import { describe, expect, it } from '@jest/globals';
import { isReadable } from './readable-address.js';

describe('an address is read only where it is plain text', () => {
  it.each([
    '/api/v1/batches?transaction_id=a%20b%2Fc&limit=1',
    '/api/v1/batches?transaction_id=%F0%9F%8C%8D%C3%A9',
    '/api/v1/batches?transaction_id=%25+&x',
    '/disburse',
  ])('%s is taken', (url) => {
    expect(isReadable(url)).toBe(true);
  });

  it.each([
    ['NUL', '/api/v1/batches?transaction_id=%00'],
    ['NUL in a path', '/api/v1/batches/%00'],
    ['a line break', '/api/v1/batches?transaction_id=a%0Ab'],
    ['half a surrogate pair', '/api/v1/batches?transaction_id=%ED%A0%BC'],
    ['bytes of Latin-1', '/api/v1/batches?transaction_id=%E9'],
    ['a lonely percent sign', '/api/v1/batches?transaction_id=100%'],
  ])('%s is refused', (_what, url) => {
    expect(isReadable(url)).toBe(false);
  });
});

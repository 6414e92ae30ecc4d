import { describe, expect, it } from '@jest/globals';
import { refusedForm } from './request-body.js';

describe('the form of a body', () => {
  it.each([
    [undefined, 'application/json', undefined],
    ['identity', 'application/json; charset=UTF-8', undefined],
    [undefined, 'application/json; charset="utf8"', undefined],
    ['gzip', 'application/json', 'Send the body unpacked, without Content-Encoding.'],
    ['br', 'application/json', 'Send the body unpacked, without Content-Encoding.'],
    [undefined, 'application/json; charset=utf-16', 'Send JSON in UTF-8.'],
    [undefined, 'application/json; charset=latin1', 'Send JSON in UTF-8.'],
  ])('encoding %s and type %s: %s', (encoding, type, refusal) => {
    expect(refusedForm(encoding, type)).toBe(refusal);
  });
});

import { describe, expect, it } from '@jest/globals';
import { UnreadableRecord, parseObject, type InRecord } from './record.js';

function record(value: string | null, key: string | null = 'k'): InRecord {
  const bytes = value === null ? null : Buffer.from(value);
  return { topic: 't', partition: 0, offset: '0', key, value: bytes, headers: {} };
}

describe('the value of a record', () => {
  it.each<[string, InRecord]>([
    ['no value', record(null)],
    ['not JSON', record('{')],
    ['a list', record('[]')],
    ['NUL in a text', record('{"note":"a\\u0000b"}')],
    ['NUL in a nested text', record('{"meta":[{"x":"\\u0000"}]}')],
    ['NUL in a field name', record('{"a\\u0000":1}')],
    ['NUL in the key', record('{}', 'a\u0000b')],
  ])('%s is unreadable, so that it can stop no partition', (_what, one) => {
    expect(() => parseObject(one)).toThrow(UnreadableRecord);
  });

  it('an escaped backslash before u0000 is no NUL', () => {
    expect(parseObject(record('{"note":"C:\\\\u0000"}'))).toEqual({ note: 'C:\\u0000' });
  });
});

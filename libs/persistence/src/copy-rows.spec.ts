import { describe, expect, it } from '@jest/globals';
import { copyText } from './copy-rows.js';

describe('values as the text format of COPY wants them', () => {
  it.each([
    [null, '\\N'],
    ['', ''],
    ['\\N', '\\\\N'],
    ['\\.', '\\\\.'],
    ['a\tb\nc\rd\\e', 'a\\tb\\nc\\rd\\\\e'],
    [7, '7'],
    [true, 'true'],
    ['é🌍', 'é🌍'],
  ])('%j is %j', (value, text) => {
    expect(copyText(value)).toBe(text);
  });
});

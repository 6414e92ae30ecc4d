import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readLine } from './disburse/line.js';
import { PROFILES, type Profile } from './disburse/profile.js';
import { LOCALE_MAX, isLocale } from './locale.js';

const language = fc.stringMatching(/^[a-zA-Z]{2,3}$/);
const subtag = fc.tuple(fc.constantFrom('_', '-'), fc.stringMatching(/^[a-zA-Z0-9]{2,8}$/));
const locale = fc
  .tuple(language, fc.array(subtag, { maxLength: 3 }))
  .map(([first, rest]) => first + rest.map((parts) => parts.join('')).join(''));

function read(text: unknown, profile: Profile['id']): unknown {
  const line = { reference_id: 'r', payee_fa: '1@b', amount: '1', currency_code: 'KES', locale: text };
  return readLine(line, PROFILES[profile], { payerFa: 'account_no:1@T' });
}

describe('D6: locales', () => {
  it('two or three letters, with or without regions, are taken from every sender and stored as they are', () => {
    fc.assert(
      fc.property(locale, fc.constantFrom('strict', 'openg2p'), (text, profile) => {
        expect(isLocale(text)).toBe(true);
        expect(read(text, profile)).toMatchObject({ locale: text, violations: [] });
      }),
    );
  });

  it('any other text is a violation for a strict sender, and never costs openg2p a line', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (text) => {
        expect(read(text, 'strict')).toMatchObject({
          violations: isLocale(text) ? [] : ['rjct.locale.invalid'],
        });
        expect(read(text, 'openg2p')).toMatchObject({ violations: [] });
      }),
    );
  });

  it.each(['e', 'engl', 'en_', '_US', 'en US', 'en_U', 'ένα', 'x'.repeat(LOCALE_MAX + 1)])(
    '%j is none',
    (text) => {
      expect(isLocale(text)).toBe(false);
    },
  );
});

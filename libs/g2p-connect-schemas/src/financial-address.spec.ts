import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { addressProblem, canonicalAddress, parseAddress, sameAddress } from './financial-address.js';
import { contentDigest } from './disburse/ids.js';

describe('D2: financial addresses', () => {
  it.each([
    ['token:12345@gtbank', 'token', '12345', 'gtbank'],
    ['account_no:1@TREASURY', 'account_no', '1', 'TREASURY'],
    ['phone:+250788000000', 'phone', '+250788000000', ''],
    ['email:a@x.org', 'email', 'a', 'x.org'],
    ['a:b:c@d@e', 'a', 'b:c@d', 'e'],
    ['000123', '', '000123', ''],
    ['1234@bank', '', '1234', 'bank'],
    ['x@y:z', '', 'x', 'y:z'],
    ['IBAN:DE89/37_04', 'iban', 'DE89/37_04', ''],
  ])('%s is split at the first colon and the last @', (text, scheme, id, provider) => {
    expect(parseAddress(text)).toEqual({ text, scheme, id, provider });
    expect(addressProblem(text)).toBeUndefined();
  });

  it('the parts put together are the text again', () => {
    const word = fc.string({ minLength: 1 }).filter((text) => !/[:@]/.test(text));
    fc.assert(
      fc.property(word, word, word, (scheme, id, provider) => {
        const text = `${scheme}:${id}@${provider}`;
        const parts = parseAddress(text);
        expect(parts.text).toBe(text);
        expect([parts.scheme, parts.id, parts.provider]).toEqual([scheme.toLowerCase(), id, provider]);
      }),
    );
  });

  it('any case of an address is the same address and the same content, and the text is kept', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const other = canonicalAddress(text);
        expect(sameAddress(text, other)).toBe(true);
        expect(canonicalAddress(other)).toBe(other);
        expect(parseAddress(text).text).toBe(text);
        const rest = { payeeFa: 'p', amount: '1.00', currencyCode: 'KES' };
        expect(contentDigest({ ...rest, payerFa: text })).toEqual(contentDigest({ ...rest, payerFa: other }));
      }),
    );
    expect(sameAddress('ACCOUNT_NO:1@treasury', 'account_no:1@TREASURY')).toBe(true);
    expect(sameAddress('account_no:1@TREASURY', 'account_no:2@TREASURY')).toBe(false);
  });

  it.each([
    ['False+250788000000', 'an unset prefix'],
    ['False987650False', 'unset prefix and suffix'],
    ['account_no:1@False', 'an unset bank code'],
    ['phone:False', 'no number'],
    ['', 'nothing'],
    ['phone:@mpesa', 'no id'],
    ['phone:+2507 88', 'a space'],
    ['phone:+250\u202e788', 'a direction mark'],
    ['phone:+250\u200b788', 'an invisible space'],
    ['a\u0007', 'a control character'],
    ['9'.repeat(257), 'too much text'],
  ])('2.2 payee_fa: %j is refused for %s, with a sentence that does not repeat it', (text) => {
    const problem = addressProblem(text);
    expect(problem).toMatch(/^The address .*\.$/);
    if (text !== '') expect(problem).not.toContain(text);
  });
});

import { describe, expect, it } from '@jest/globals';
import { resolvedAddress } from './resolved-address.js';

const WALLET = [{ address: 'phone:{mobile_number}@{wallet_provider_code}' }];

describe('the address that a mapper names', () => {
  it.each([
    ['an address', 'account_no:1@BANK', undefined, 'account_no:1@BANK'],
    ['no address', 'nothing', undefined, undefined],
    ['an object without a rule', { mobile_number: '1' }, undefined, undefined],
    ['a part that is missing', { mobile_number: '1' }, WALLET, undefined],
    ['an object', { mobile_number: '1', wallet_provider_code: 'm' }, WALLET, 'phone:1@m'],
    [
      'SPAR text',
      'account:0012@001.BANKX.BANK_ACCOUNT',
      [
        {
          pattern: 'account:(?<no>[^@]+)@(?<branch>[^.]*)\\.(?<bank>[^.]+)\\.BANK_ACCOUNT',
          address: 'account_no:{no}@{bank}',
        },
      ],
      'account_no:0012@BANKX',
    ],
  ])('%s', (_what, fa, rules, expected) => {
    const address = resolvedAddress(fa, rules);
    expect(address && `${address.scheme}:${address.id}@${address.provider}`).toBe(expected);
  });
});

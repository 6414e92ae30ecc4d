import { describe, expect, it } from '@jest/globals';
import { checkBridge, payerOf, type BridgeSetting } from './bridge.setting.js';
import type { Sender } from '../senders/sender.js';

type Part = Parameters<typeof checkBridge>[1];

const MAPPER: NonNullable<Part['mapper']> = {
  resolve: 'when-id',
  url: 'https://spar.example',
  form: 'g2p-connect',
};

const SENDER: Sender = {
  ...{ id: 'pbms', profile: 'openg2p', aliases: [], credentials: {}, callback_hosts: [] },
  ...{ payer_accounts: ['own'], default_payer_fa: 'own', kafka_direct: false },
};

/** What this setting of a sender with a mapper makes of it. @param written as it may stand in a file. */
const checked = (written: unknown): void =>
  checkBridge('pbms', { bridge: written as BridgeSetting, mapper: MAPPER }, (payer) => payer === 'own');

describe('the Bridge API in the senders file', () => {
  it('may name programmes with an account of the sender and a word about the mapper', () => {
    const programmes = { A: { payer_fa: 'own', resolve: 'always' }, B: { resolve: 'never' }, C: {} };
    expect(() => checked({ programmes })).not.toThrow();
    expect(() => checked(undefined)).not.toThrow();
  });

  it.each([
    ['an unknown profile', { profile: 'safe' }, 'bridge.profile'],
    ['an unknown word for past days', { past_schedule: 'later' }, 'bridge.past_schedule'],
    ['the account of somebody else', { programmes: { A: { payer_fa: 'other' } } }, 'programme "A"'],
    ['an unknown word about the mapper', { programmes: { A: { resolve: 'often' } } }, 'resolve "never"'],
  ])('with %s it is refused, in words that name the place', (_, setting, words) => {
    expect(() => checked(setting)).toThrow(words);
  });

  it('a programme whose payees are to be resolved needs a mapper', () => {
    expect(() =>
      checkBridge('pbms', { bridge: { programmes: { A: { resolve: 'always' } } } }, () => true),
    ).toThrow('and a mapper');
  });

  it.each([
    [undefined, 'when-id'],
    ['never', undefined],
    ['always', 'always'],
  ] as const)('resolve %s of the programme makes the mapper ask %s', (resolve, expected) => {
    const programmes = { A: resolve === undefined ? {} : { resolve } };
    const sender: Sender = { ...SENDER, mapper: MAPPER, bridge: { programmes } };
    expect(payerOf(sender, { programme: 'A' }).mapper?.resolve).toBe(expected);
    expect(payerOf(sender, { programme: 'B' }).mapper?.resolve).toBe('when-id');
  });
});

import { describe, expect, it } from '@jest/globals';
import { SenderRegistry } from '../senders/sender-registry.js';
import type { Sender } from '../senders/sender.js';
import { callbackTarget, checkTarget } from './callback-url.js';

const sender: Sender = {
  id: 's',
  profile: 'strict',
  aliases: [],
  credentials: {},
  callback_url: 'https://own.example/calls',
  callback_hosts: ['own.example', 'other.example'],
  payer_accounts: ['a:1'],
  default_payer_fa: 'a:1',
  kafka_direct: false,
};

const target = (uri: unknown, change: Partial<Sender> = {}): string | null =>
  callbackTarget({ ...sender, ...change }, uri, 'on-disburse', false).url;

describe('where callbacks go', () => {
  it.each([
    ['https://own.example/g2p/on-disburse', 'https://own.example/g2p/on-disburse'],
    ['https://own.example/g2p/on-disburse/?k=1', 'https://own.example/g2p/on-disburse/?k=1'],
    ['https://own.example/g2p', 'https://own.example/g2p/on-disburse'],
    ['https://own.example/', 'https://own.example/on-disburse'],
    ['https://own.example/callback/on-search', 'https://own.example/callback/on-search/on-disburse'],
    ['https://own.example/xon-disburse', 'https://own.example/xon-disburse/on-disburse'],
  ])('D15: %s is called at %s: only a path that ends with the verb itself is used exactly', (uri, url) => {
    expect(target(uri)).toBe(url);
  });

  it('D9: /on-disburse and /disburse/on-disburse are both the verb', () => {
    for (const path of ['/on-disburse', '/disburse/on-disburse'])
      expect(target(`https://own.example${path}`)).toBe(`https://own.example${path}`);
  });

  it.each([undefined, null, '', false, 'https://own.example/{namespace}/on-disburse'])(
    'D6, D15: %p is absent, so the registered address is called',
    (uri) => {
      const found = callbackTarget(sender, uri, 'on-disburse', false);
      expect(found).toEqual({ url: 'https://own.example/calls/on-disburse', refused: false });
    },
  );

  it.each([
    'http://own.example/x',
    'https://evil.example/x',
    'https://own.example.evil.example/x',
    'https://user:pw@own.example/x',
    'ftp://own.example/x',
    'own.example',
    42,
  ])(
    'D15: %p may not be called: a strict sender is told, the others are called at their own address',
    (uri) => {
      const found = callbackTarget(sender, uri, 'on-disburse', false);
      expect(found).toEqual({ url: 'https://own.example/calls/on-disburse', refused: true });
      expect(() => checkTarget(found, 'reject')).toThrow(
        expect.objectContaining({ code: 'err.sender_uri.invalid' }),
      );
      expect(() => checkTarget(found, 'warn')).not.toThrow();
    },
  );

  it('D15: an address of the sender for this verb wins, exactly as it is written', () => {
    const callback_urls = { 'on-disburse': 'https://hub.example/in?x=1' };
    expect(target('https://own.example/other', { callback_urls })).toBe('https://hub.example/in?x=1');
    const { url } = callbackTarget({ ...sender, callback_urls }, undefined, 'on-status', false);
    expect(url).toBe('https://own.example/calls/txn/on-status');
  });

  it.each([
    ['https://own.example/on-disburse', 'on-search', 'https://own.example/on-search'],
    ['https://own.example/disburse/on-disburse', 'on-search', 'https://own.example/disburse/on-search'],
    ['https://own.example/disburse/on-disburse/', 'on-status', 'https://own.example/disburse/txn/on-status'],
    ['https://own.example/disburse/txn/on-status', 'on-disburse', 'https://own.example/disburse/on-disburse'],
    ['https://own.example/disburse/txn/on-status', 'on-status', 'https://own.example/disburse/txn/on-status'],
  ] as const)('D15: %s, registered for all callbacks, is for %s %s', (callback_url, verb, url) => {
    expect(callbackTarget({ ...sender, callback_url }, undefined, verb, false).url).toBe(url);
  });

  it('nobody is called where no address is known', () => {
    const without = { ...sender };
    delete without.callback_url;
    expect(callbackTarget(without, undefined, 'on-disburse', false).url).toBeNull();
  });
});

describe('addresses in the senders file', () => {
  const registry = (change: Partial<Sender>): SenderRegistry =>
    new SenderRegistry({ senders: [{ ...sender, ...change }], auditors: [] });

  it('outside development every callback address must be https, and the sentence names the sender', () => {
    expect(() => registry({}).requireHttpsCallbacks()).not.toThrow();
    const plain = [
      registry({ callback_url: 'http://own.example/' }),
      registry({ callback_urls: { 'on-search': 'http://own.example/' } }),
    ];
    for (const file of plain) expect(() => file.requireHttpsCallbacks()).toThrow(/"s".*https/);
  });

  it('an address that is no URL, an unknown profile or an unknown form of status stops the boot', () => {
    expect(() => registry({ callback_url: 'own.example' })).toThrow(/no URL/);
    expect(() => registry(JSON.parse('{"profile":"loose"}') as Partial<Sender>)).toThrow(/profile/);
    expect(() => registry(JSON.parse('{"status_shape":"map"}') as Partial<Sender>)).toThrow(/status_shape/);
  });

  it('D2: the default payer may be written in another case than the account', () => {
    expect(() => registry({ payer_accounts: ['ACC:1@T'], default_payer_fa: 'acc:1@t' })).not.toThrow();
    expect(() => registry({ default_payer_fa: 'acc:2@t' })).toThrow(/may not pay/);
  });
});

import { describe, expect, it } from '@jest/globals';
import { SenderRegistry } from './sender-registry.js';
import type { Sender } from './sender.js';

function withQuota(profile: Sender['profile'], quota: unknown): () => SenderRegistry {
  const payer = 'account_no:1@TREASURY';
  const sender = {
    ...{ id: 'one', profile, aliases: [], credentials: {}, callback_hosts: [] },
    ...{ payer_accounts: [payer], default_payer_fa: payer, kafka_direct: false, quota },
  } as Sender;
  return () => new SenderRegistry({ senders: [sender], auditors: [] });
}

describe('the quota of a sender in the senders file', () => {
  it.each([
    [{ lines_per_minute: 0 }],
    [{ lines_per_minute: 1.5 }],
    [{ lines_per_minute: '600' }],
    [{ requests_at_once: 2 }],
    [{ lines_per_minute: 600, requests_at_once: 0 }],
    [{ lines_per_minute: 3_000_000_000 }],
  ])('%j stops the start with a sentence that names the sender', (quota) => {
    expect(withQuota('strict', quota)).toThrow(/The sender "one" needs quota/);
  });

  it('requests at once are no quota of a client that never sends again', () => {
    expect(withQuota('strict', { lines_per_minute: 600, requests_at_once: 2 })).not.toThrow();
    expect(withQuota('openg2p', { lines_per_minute: 600 })).not.toThrow();
    expect(withQuota('openg2p', { lines_per_minute: 600, requests_at_once: 2 })).toThrow(/"one"/);
  });
});

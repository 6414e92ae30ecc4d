import { describe, expect, it } from '@jest/globals';
import { explainLane, type HostedLane, type LaneStanding } from './lane-standing.js';

const NOW = new Date('2026-11-25T15:00:00Z');
const HOSTED: HostedLane = {
  connector: 'gsma',
  absent_is_final_after_ms: 2000,
  concurrency: 64,
  per_second: 200,
  in_flight: null,
  batch_size: null,
  breaker_after: 20,
  window: null,
};
const LANE: LaneStanding = {
  lane: 'a',
  state: 'open',
  reason: null,
  changed_at: new Date('2026-11-25T14:00:00Z'),
  changed_by: null,
  probe_at: null,
  silences: 0,
  seen_at: NOW,
  hosted: HOSTED,
  queued: 12,
  oldest_queued_at: new Date('2026-11-25T14:58:30Z'),
  sending: 3,
};
const NAIROBI = { timeZone: 'Africa/Nairobi', hours: ['08:00-16:30'] };

describe('why a lane pays or does not', () => {
  it.each<[string, Partial<LaneStanding>, boolean, string]>([
    ['paying', {}, true, 'Paying, at most 200 a second; 3 are on their way.'],
    ['nothing to do', { queued: 0, oldest_queued_at: null }, true, 'Open; nothing waits.'],
    [
      'full',
      { sending: 50, hosted: { ...HOSTED, in_flight: 50 } },
      true,
      'Open, and as full as it may be: 50 of 50',
    ],
    [
      'held',
      { state: 'held', changed_by: 'amina', reason: 'audit' },
      false,
      'amina holds it since 2026-11-25T14:00',
    ],
    [
      'no funds',
      { state: 'stopped', reason: 'payer_funds: balance 0' },
      false,
      'The payer has no funds at the rail',
    ],
    [
      'silent',
      { state: 'stopped', reason: 'no_answer: x', probe_at: NOW },
      false,
      'probed, next at 2026-11-25T15:00',
    ],
    ['never hosted', { hosted: null }, false, 'No process hosts it'],
    ['not hosted any more', { seen_at: new Date('2026-11-25T14:58:00Z') }, false, 'No process hosts it'],
    ['closed', { hosted: { ...HOSTED, window: NAIROBI } }, false, 'It opens at 2026-11-26T05:00:00.000Z'],
  ])('%s', (_what, change, paying, sentence) => {
    const { paying: pays, because } = explainLane({ ...LANE, ...change }, NOW);
    expect(pays).toBe(paying);
    expect(because[0]).toContain(sentence);
  });

  it('says every reason, how many wait, and since when', () => {
    const hosted = { ...HOSTED, window: NAIROBI };
    const explained = explainLane({ ...LANE, state: 'stopped', reason: 'auth: HTTP 401', hosted }, NOW);
    expect(explained.opens_at).toEqual(new Date('2026-11-26T05:00:00Z'));
    expect(explained.because).toHaveLength(3);
    expect(explained.because.at(-1)).toBe('12 wait, the oldest for 90 seconds.');
    expect(explainLane({ ...LANE, silences: 4 }, NOW).because).toContain(
      'The rail left the last 4 calls unanswered; 20 stop the lane.',
    );
  });
});

import { describe, expect, it } from '@jest/globals';
import { RETENTION_MAX_MS } from '@gpo/messaging';
import { describeStep, planTopics, type ExistingTopic } from './topics.plan.js';

const DAY_MS = 86_400_000;
const wanted = [{ name: 'a', partitions: 6, retentionMs: 7 * DAY_MS }];

function words(existing: ExistingTopic | undefined, force = false): string[] {
  const have = new Map(existing === undefined ? [] : [['a', existing]]);
  return planTopics(wanted, have, force).map(describeStep);
}

describe('the plan of topics apply', () => {
  it.each<[string, ExistingTopic | undefined, boolean, string[]]>([
    ['a missing topic is created', undefined, false, ['a: create with 6 partitions']],
    ['a topic as wanted is left alone', { partitions: 6, retentionMs: 7 * DAY_MS }, false, []],
    ['partitions are raised', { partitions: 3, retentionMs: 7 * DAY_MS }, false, ['a: partitions 3 -> 6']],
    [
      'partitions are never taken away, not even by force',
      { partitions: 8, retentionMs: 7 * DAY_MS },
      true,
      [
        'a: partitions 8 -> 6: not done, Kafka cannot take partitions away; name at least as many as there are',
      ],
    ],
    ['a retention is raised', { partitions: 6, retentionMs: DAY_MS }, false, ['a: retention 1 -> 7 days']],
    [
      'a retention is not shortened',
      { partitions: 6, retentionMs: 14 * DAY_MS },
      false,
      ['a: retention 14 -> 7 days: not done, records that nobody has read yet could be lost; say --force'],
    ],
    ['but by force', { partitions: 6, retentionMs: 14 * DAY_MS }, true, ['a: retention 14 -> 7 days']],
    [
      'no end at all is longer than any retention',
      { partitions: 6, retentionMs: -1 },
      false,
      [
        'a: retention unlimited -> 7 days: not done, records that nobody has read yet could be lost; say --force',
      ],
    ],
  ])('%s', (_title, existing, force, steps) => expect(words(existing, force)).toEqual(steps));

  it('no force makes a topic outlive the attempts', () => {
    const long = [{ name: 'a', partitions: 1, retentionMs: RETENTION_MAX_MS + 1 }];
    const steps = planTopics(long, new Map([['a', { partitions: 1, retentionMs: DAY_MS }]]), true);
    expect(steps.map(({ refused }) => refused)).toEqual(['attempts must outlive every topic']);
  });
});

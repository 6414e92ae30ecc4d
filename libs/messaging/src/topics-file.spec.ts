import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { topicsOf } from './topics-file.js';
import { ALL_TOPICS, FOR_EVER_MS, RETENTION_MAX_MS, TOPICS } from './topics.js';

const dir = mkdtempSync(join(tmpdir(), 'gpo-topics-'));
const DAY_MS = 86_400_000;

function file(content: unknown): string {
  const path = join(dir, 'topics.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const good = { name: 'ministry.x', partitions: 3, retention_days: 14 };

describe('the topics of an installation', () => {
  it('without a file they are those of the product, and none but the heads of the audit chain outlives the attempts', () => {
    expect(topicsOf('')).toBe(ALL_TOPICS);
    const longer = ALL_TOPICS.filter(
      ({ retentionMs }) => retentionMs > RETENTION_MAX_MS || retentionMs === FOR_EVER_MS,
    );
    expect(longer).toEqual([TOPICS.audit]);
  });

  it('a file adds topics and resizes those of the product, and takes none away', () => {
    const topics = topicsOf(file([good, { name: 'g2p.request', partitions: 12, retention_days: 3 }]));
    expect(topics).toHaveLength(ALL_TOPICS.length + 1);
    expect(topics[0]).toEqual({ name: 'g2p.request', partitions: 12, retentionMs: 3 * DAY_MS });
    expect(topics.at(-1)).toEqual({ name: 'ministry.x', partitions: 3, retentionMs: 14 * DAY_MS });
  });

  it('the example file is one', () => {
    expect(topicsOf('examples/topics.json').length).toBeGreaterThan(ALL_TOPICS.length);
  });

  it.each<[string, unknown, RegExp]>([
    ['no JSON', '{', /cannot be read as JSON/],
    ['no list', {}, /must hold a list/],
    ['a name twice', [good, good], /names ministry\.x twice/],
    ['a misspelt field', [{ ...good, retention: 1 }], /Entry 1 .*no field retention/],
    ['a name that Kafka refuses', [{ ...good, name: 'a b' }], /Entry 1 .*name must be/],
    ['no partition', [good, { ...good, name: 'b', partitions: 0 }], /Entry 2 .*partitions must be/],
    ['no retention', [{ ...good, retention_days: 0 }], /retention_days must be above 0/],
    ['a retention longer than attempts live', [{ ...good, retention_days: 91 }], /attempts must outlive it/],
  ])('%s is refused with a sentence that says where', (_what, content, sentence) => {
    expect(() => topicsOf(file(content))).toThrow(sentence);
  });
});

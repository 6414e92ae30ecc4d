import { describe, expect, it } from '@jest/globals';
import { ALL_TOPICS, DeadLetters, type InRecord, type OutRecord, type RecordProducer } from '@gpo/messaging';
import { readLetter } from './dead-letter.reader.js';
import { refusal } from './dead-letter.replay.js';
import type { LetterRow } from './dead-letter.repository.js';

const failed: InRecord = {
  topic: 'g2p.request',
  partition: 3,
  offset: '17',
  key: 'k\u0000',
  value: Buffer.from([0xff, 0x00, 0x7b]),
  headers: {},
};

/** What DeadLetters writes for this record, as the topic gives it back. */
async function written(record: InRecord, reason = 'record.unreadable'): Promise<InRecord> {
  const sent: OutRecord[] = [];
  const producer: Pick<RecordProducer, 'send'> = {
    send: (_topic, records) => Promise.resolve(void sent.push(...records)),
  };
  await new DeadLetters(producer as RecordProducer).send([{ record, reason, detail: 'x\u0000y' }]);
  const [letter] = sent;
  const value = Buffer.from(letter!.value);
  return { topic: 'g2p.dead-letter', partition: 0, offset: '0', key: letter!.key, value, headers: {} };
}

describe('a dead letter', () => {
  it('keeps reason, origin, key and bytes, and holds nothing that PostgreSQL cannot store', async () => {
    const letter = readLetter(await written(failed));
    expect(letter).toMatchObject({
      reason: 'record.unreadable',
      detail: 'x\ufffdy',
      topic: 'g2p.request',
      partition: 3,
      offset: '17',
      key: Buffer.from('k\u0000'),
      value: failed.value,
    });
  });

  it('of the same failure is the same letter; of another reason, offset or content another', async () => {
    const id = async (record: InRecord, reason?: string): Promise<string> =>
      readLetter(await written(record, reason)).letterId;
    const first = await id(failed);
    expect(await id(failed)).toBe(first);
    expect(await id(failed, 'record.not_allowed')).not.toBe(first);
    expect(await id({ ...failed, offset: '18' })).not.toBe(first);
    expect(await id({ ...failed, value: Buffer.from('{}') })).not.toBe(first);
  });

  it.each(['not json', 'null', '[]', '{}', '{"reason":"x; DROP","topic":"g2p.request"}'])(
    'that somebody else wrote (%s) is kept as a letter about itself',
    (text) => {
      const value = Buffer.from(text);
      const letter = readLetter({ ...failed, topic: 'g2p.dead-letter', offset: '5', value });
      expect(letter).toMatchObject({ reason: 'record.unreadable', topic: 'g2p.dead-letter', value });
    },
  );

  it('is replayed only to a topic of the installation, with its content, while attempts surely live', () => {
    const names = ALL_TOPICS.map(({ name }) => name);
    const row = (change: Partial<LetterRow>): LetterRow =>
      ({
        topic: 'g2p.request',
        record: Buffer.from('{}'),
        lettered_at: new Date('2026-11-01T00:00:00Z'),
        ...change,
      }) as LetterRow;
    const now = new Date('2026-11-24T00:00:00Z');
    expect(refusal(row({}), names, now)).toBeUndefined();
    expect(refusal(row({ topic: 'g2p.dead-letter' }), names, now)).toMatch(/did not come from a topic/);
    expect(refusal(row({ topic: 'other' }), names, now)).toMatch(/did not come from a topic/);
    expect(refusal(row({ record: null }), names, now)).toMatch(/no content/);
    expect(refusal(row({ lettered_at: new Date('2026-10-24T00:00:00Z') }), names, now)).toMatch(/older/);
  });
});

import { describe, expect, it } from '@jest/globals';
import { KafkaConnection } from './kafka-connection.js';
import { DeadLetters, letterValue } from './dead-letters.js';

const record = { topic: 'g2p.request', partition: 1, offset: '7', key: 'k', headers: {} };
const read = (value: Buffer | null): Record<string, unknown> =>
  JSON.parse(
    letterValue({ record: { ...record, value }, reason: 'record.unreadable', detail: 'why' }),
  ) as Record<string, unknown>;

describe('a dead letter', () => {
  it('holds reason, origin and the original bytes', () => {
    const bytes = Buffer.from([0, 255, 1]);
    expect(read(bytes)).toMatchObject({
      reason: 'record.unreadable',
      detail: 'why',
      topic: 'g2p.request',
      partition: 1,
      offset: '7',
      value_base64: bytes.toString('base64'),
    });
  });

  it('always fits into a record: of too many bytes it says where they are', () => {
    const letter = read(Buffer.alloc(1_000_000, 'x'));
    expect(letter.value_base64).toBeUndefined();
    expect(letter.detail).toBe('why; its 1000000 bytes do not fit into a letter; read them at their topic');
    expect(JSON.stringify(read(Buffer.alloc(640_000, 'x'))).length).toBeLessThan(900_000);
  });

  it('is sent to nobody where there is none', async () => {
    const settings = { brokers: ['127.0.0.1:1'], topicPrefix: '', clientId: 'test' };
    await new DeadLetters(new KafkaConnection(settings).producer()).send([]);
  });
});

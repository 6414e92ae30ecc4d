import { describe, expect, it } from '@jest/globals';
import { readKafkaSettings } from './kafka-settings.js';

describe('the settings of Kafka', () => {
  const read = (env: Record<string, string>) => readKafkaSettings(env, 'gpo-x');

  it('are read from the environment', () => {
    expect(read({ KAFKA_BROKERS: 'a:1,b:2' })).toEqual({
      brokers: ['a:1', 'b:2'],
      topicPrefix: '',
      clientId: 'gpo-x',
      sessionTimeoutMs: 8000,
    });
    expect(
      read({ KAFKA_BROKERS: 'a:1', KAFKA_TOPIC_PREFIX: 'p.', KAFKA_SESSION_TIMEOUT_MS: '30000' }),
    ).toMatchObject({ topicPrefix: 'p.', sessionTimeoutMs: 30_000 });
  });

  it('say in one sentence which variable is missing or wrong', () => {
    expect(() => read({})).toThrow('Set KAFKA_BROKERS: gpo-x cannot start without it.');
    expect(() => read({ KAFKA_BROKERS: '' })).toThrow('Set KAFKA_BROKERS');
    for (const wrong of ['', '999', '1800001', '5s', '2000.5'])
      expect(() => read({ KAFKA_BROKERS: 'a:1', KAFKA_SESSION_TIMEOUT_MS: wrong })).toThrow(
        `KAFKA_SESSION_TIMEOUT_MS must be a whole number from 1000 to 1800000, not "${wrong}".`,
      );
  });

  it('have a default place only where the caller gives one', () => {
    expect(readKafkaSettings({}, 'gpo-cli', '127.0.0.1:9')).toMatchObject({ brokers: ['127.0.0.1:9'] });
  });
});

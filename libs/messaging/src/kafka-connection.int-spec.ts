import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { KafkaConnection } from './kafka-connection.js';
import { ALL_TOPICS, TOPICS } from './topics.js';

describe('topics', () => {
  it('can be written as soon as they are made, also where several processes make them at once', async () => {
    for (let round = 0; round < 10; round += 1) {
      const settings = {
        brokers: [process.env.TEST_KAFKA_BROKERS!],
        topicPrefix: `made${randomUUID().slice(0, 8)}.`,
        clientId: 'gpo-test',
      };
      const connections = [1, 2, 3].map(() => new KafkaConnection(settings));
      await Promise.all(connections.map((connection) => connection.ensureTopics()));
      const producer = connections[0]!.producer();
      await producer.connect();
      await producer.send(TOPICS.request.name, [{ key: 'k', value: '{}' }]);
      await producer.close();
      const names = await connections[1]!.withAdmin((admin) => admin.listTopics());
      const made = names.filter((name) => name.startsWith(settings.topicPrefix));
      expect(made.length).toBe(ALL_TOPICS.length);
    }
  }, 120_000);
});

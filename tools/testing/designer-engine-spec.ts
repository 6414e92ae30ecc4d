import { Partitioners, type Consumer, type Kafka, type Producer } from 'kafkajs';
import { topicSchemas } from '@gpo/g2p-connect-schemas';
import { createKafka } from '@gpo/messaging';
import { loadScenario, type Scenario, type ScenarioFile } from '@gpo/scenario';

/** Runs deployed scenarios on Kafka, each in the consumer group that has its name, as the Lite engine does. */
export class StandInEngine {
  private readonly kafka: Kafka;
  private readonly producer: Producer;
  private readonly running = new Map<string, Consumer>();

  constructor(brokers: readonly string[]) {
    this.kafka = createKafka({ brokers: [...brokers], topicPrefix: '', clientId: 'designer-stand-in' });
    this.producer = this.kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  }

  async topicExists(topic: string): Promise<boolean> {
    const admin = this.kafka.admin();
    await admin.connect();
    try {
      return (await admin.listTopics()).includes(topic);
    } finally {
      await admin.disconnect();
    }
  }

  async start(name: string, file: ScenarioFile): Promise<void> {
    const scenario = loadScenario(file, name, topicSchemas());
    await this.producer.connect();
    const consumer = this.kafka.consumer({ groupId: name, sessionTimeout: 8000, maxWaitTimeInMs: 100 });
    this.running.set(name, consumer);
    await consumer.connect();
    await consumer.subscribe({ topics: [scenario.sourceTopic], fromBeginning: true });
    await consumer.run({
      eachBatch: async (payload) => {
        for (const { key, value } of payload.batch.messages) await this.route(scenario, key, value);
        await payload.heartbeat();
      },
    });
  }

  private async route(scenario: Scenario, key: Buffer | null, value: Buffer | null): Promise<void> {
    const text = key?.toString() ?? null;
    for (const result of scenario.run({ key: text, value: value ?? Buffer.alloc(0) }, Date.now)) {
      if ('error' in result) {
        const event = {
          processName: scenario.name,
          nodeId: result.node,
          message: result.error,
          inputEvent: {},
          timestamp: Date.now(),
          additionalData: {},
        };
        await this.send('g2p.nu-errors', null, JSON.stringify(event), {});
      } else await this.send(result.topic, result.key, result.value, { 'value.schemaId': '1' });
    }
  }

  private async send(
    topic: string,
    key: string | null,
    value: string,
    headers: Record<string, string>,
  ): Promise<void> {
    await this.producer.send({ topic, messages: [{ key, value, headers }] });
  }

  async stop(name: string): Promise<void> {
    const consumer = this.running.get(name);
    this.running.delete(name);
    await consumer?.disconnect();
  }

  async close(): Promise<void> {
    for (const name of [...this.running.keys()]) await this.stop(name);
    await this.producer.disconnect();
  }
}

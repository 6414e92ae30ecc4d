import type { Command } from 'commander';
import { ALL_TOPICS, KafkaConnection, createKafka, physicalName, type KafkaSettings } from '@gpo/messaging';
import { CommandFailed } from './command-failed.js';
import { readGpoConfig } from './gpo.config.js';
import { print, wholeNumber } from './output.js';

function settings(): KafkaSettings {
  const { kafkaBrokers, kafkaTopicPrefix } = readGpoConfig(process.env);
  return { brokers: kafkaBrokers, topicPrefix: kafkaTopicPrefix, clientId: 'gpo-cli' };
}

export function addTopicsCommands(program: Command): void {
  const topics = program.command('topics').description('Kafka topics.');
  topics
    .command('list')
    .description('Every topic of the product: whether it exists, its partitions and records.')
    .option('--json', 'as JSON')
    .action(async (options: { json?: true }) => print(await listTopics(), options.json === true));
  topics
    .command('tail <topic>')
    .description(
      'Records of a topic as they come, one JSON line each; from the start with --from-start. Ctrl-C ends it.',
    )
    .option('--from-start', 'begin with the oldest record')
    .option('--count <N>', 'end after N records', wholeNumber)
    .option('--json', 'JSON lines, which is how records are always printed')
    .action(async (topic: string, options: { fromStart?: true; count?: number }) => {
      await tail(topic, options.fromStart === true, options.count ?? Infinity);
    });
}

async function listTopics(): Promise<Record<string, unknown>[]> {
  const connection = new KafkaConnection(settings());
  return connection.withAdmin(async (admin) => {
    const existing = new Set(await admin.listTopics());
    return Promise.all(
      ALL_TOPICS.map(async ({ name, retentionMs }) => {
        const physical = physicalName(connection.settings.topicPrefix, name);
        const offsets = existing.has(physical) ? await admin.fetchTopicOffsets(physical) : [];
        const records = offsets.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
        return {
          topic: physical,
          exists: existing.has(physical),
          partitions: offsets.length,
          records,
          retention_days: retentionMs / 86_400_000,
        };
      }),
    );
  });
}

async function tail(topic: string, fromBeginning: boolean, count: number): Promise<void> {
  if (!ALL_TOPICS.some(({ name }) => name === topic)) {
    throw new CommandFailed(`There is no topic "${topic}"; see topics list.`, 2);
  }
  const { topicPrefix } = settings();
  const consumer = createKafka(settings()).consumer({
    groupId: `${topicPrefix}gpo-tail-${process.pid}-${Date.now()}`,
  });
  await consumer.connect();
  await consumer.subscribe({ topics: [physicalName(topicPrefix, topic)], fromBeginning });
  let seen = 0;
  const enough = new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve());
    void consumer.run({
      autoCommit: false,
      eachMessage: ({ partition, message }) => {
        if (seen >= count) return Promise.resolve();
        seen += 1;
        const line = {
          partition,
          offset: message.offset,
          key: message.key?.toString() ?? null,
          value: message.value?.toString() ?? null,
        };
        process.stdout.write(`${JSON.stringify(line)}\n`);
        if (seen >= count) resolve();
        return Promise.resolve();
      },
    });
  });
  await enough;
  await consumer.disconnect();
}

import type { Command } from 'commander';
import {
  KafkaConnection,
  createKafka,
  physicalName,
  topicsOf,
  type KafkaSettings,
  type Topic,
} from '@gpo/messaging';
import { CommandFailed } from './command-failed.js';
import { readGpoConfig } from './gpo.config.js';
import { print, wholeNumber } from './output.js';
import { applySteps, readTopics } from './topics.admin.js';
import { days, describeStep, planTopics } from './topics.plan.js';

function settings(): KafkaSettings {
  return readGpoConfig(process.env).kafka;
}

function wantedTopics(): readonly Topic[] {
  return topicsOf(readGpoConfig(process.env).topicsFile);
}

export function addTopicsCommands(program: Command): void {
  const topics = program.command('topics').description('Kafka topics.');
  topics
    .command('list')
    .description('Every topic of the installation as it is, and how that differs from what is wanted.')
    .option('--json', 'as JSON')
    .action(async (options: { json?: true }) => print(await listTopics(), options.json === true));
  topics
    .command('apply')
    .description(
      'Creates missing topics, raises partitions, sets retention, and says each change. Never takes partitions away;\nshortens a retention only with --force. Exit code 1 where something was not done.',
    )
    .option('--dry-run', 'only say what would be done')
    .option('--force', 'also shorten retentions')
    .option('--json', 'as JSON')
    .action(applyTopics);
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
  const wanted = wantedTopics();
  return connection.withAdmin(async (admin) => {
    const existing = await readTopics(admin, connection.settings.topicPrefix, wanted);
    const steps = planTopics(wanted, existing, false);
    return Promise.all(
      wanted.map(async ({ name }) => {
        const topic = physicalName(connection.settings.topicPrefix, name);
        const have = existing.get(name);
        const offsets = have === undefined ? [] : await connection.offsets(name);
        const differs = steps.filter((step) => step.topic === name).map(describeStep);
        return {
          topic,
          exists: have !== undefined,
          partitions: have?.partitions ?? 0,
          records: offsets.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0),
          retention_days: days(have?.retentionMs),
          apply_would: differs.map((text) => text.slice(name.length + 2)).join('; '),
        };
      }),
    );
  });
}

async function applyTopics(options: { dryRun?: true; force?: true; json?: true }): Promise<void> {
  const connection = new KafkaConnection(settings());
  const wanted = wantedTopics();
  const existing = await connection.withAdmin((admin) =>
    readTopics(admin, connection.settings.topicPrefix, wanted),
  );
  const steps = planTopics(wanted, existing, options.force === true);
  if (options.dryRun !== true) await applySteps(connection, wanted, steps);
  if (options.json === true)
    print(
      steps.map((step) => ({ ...step })),
      true,
    );
  else if (steps.length === 0) process.stdout.write('Every topic is as wanted.\n');
  else process.stdout.write(steps.map((step) => `${describeStep(step)}\n`).join(''));
  const refused = steps.filter(({ refused: why }) => why !== undefined).length;
  if (refused > 0) throw new CommandFailed(`${refused} of ${steps.length} changes were not done.`, 1);
}

async function tail(topic: string, fromBeginning: boolean, count: number): Promise<void> {
  if (!wantedTopics().some(({ name }) => name === topic)) {
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

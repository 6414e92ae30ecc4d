import kafkajs, { type Admin } from 'kafkajs';
import { KafkaConnection, physicalName, type Topic } from '@gpo/messaging';
import type { ExistingTopic, TopicStep } from './topics.plan.js';

// Node does not see these two among the names that the CommonJS module exports.
const { ConfigResourceTypes, ConfigSource } = kafkajs;
const RETENTION = 'retention.ms';

/** Partitions and retention of those wanted topics that exist, by logical name. */
export async function readTopics(
  admin: Admin,
  prefix: string,
  wanted: readonly Topic[],
): Promise<Map<string, ExistingTopic>> {
  const all = new Set(await admin.listTopics());
  const names = wanted.map(({ name }) => name).filter((name) => all.has(physicalName(prefix, name)));
  if (names.length === 0) return new Map();
  const { topics } = await admin.fetchTopicMetadata({
    topics: names.map((name) => physicalName(prefix, name)),
  });
  const configs = await admin.describeConfigs({
    includeSynonyms: false,
    resources: names.map((name) => ({ type: ConfigResourceTypes.TOPIC, name: physicalName(prefix, name) })),
  });
  return new Map(
    names.map((name) => {
      const physical = physicalName(prefix, name);
      const entries = configs.resources.find(({ resourceName }) => resourceName === physical)?.configEntries;
      const retention = entries?.find(({ configName }) => configName === RETENTION)?.configValue;
      const partitions = topics.find((topic) => topic.name === physical)?.partitions.length ?? 0;
      return [name, { partitions, retentionMs: Number(retention) }];
    }),
  );
}

/** Does those steps that are not refused. */
export async function applySteps(
  connection: KafkaConnection,
  wanted: readonly Topic[],
  steps: readonly TopicStep[],
): Promise<void> {
  const doable = steps.filter(({ refused }) => refused === undefined);
  const prefix = connection.settings.topicPrefix;
  const created = new Set(doable.filter(({ what }) => what === 'create').map(({ topic }) => topic));
  await connection.ensureTopics(wanted.filter(({ name }) => created.has(name)));
  await connection.withAdmin(async (admin) => {
    for (const { topic, what, to } of doable) {
      const name = physicalName(prefix, topic);
      if (what === 'partitions')
        await admin.createPartitions({ topicPartitions: [{ topic: name, count: to }] });
      if (what === 'retention') await setRetention(admin, name, to);
    }
  });
}

/** Kafka's AlterConfigs replaces all settings of a topic, so those that are set already are sent along. */
async function setRetention(admin: Admin, name: string, retentionMs: number): Promise<void> {
  const resource = { type: ConfigResourceTypes.TOPIC, name };
  const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: [resource] });
  const kept = (resources[0]?.configEntries ?? [])
    .filter(
      ({ configName, configSource }) =>
        configName !== RETENTION && configSource === ConfigSource.TOPIC_CONFIG,
    )
    .map(({ configName, configValue }) => ({ name: configName, value: configValue }));
  await admin.alterConfigs({
    validateOnly: false,
    resources: [{ ...resource, configEntries: [...kept, { name: RETENTION, value: String(retentionMs) }] }],
  });
}

import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ConfigResourceTypes } from 'kafkajs';
import { ALL_TOPICS, KafkaConnection } from '@gpo/messaging';

const prefix = `t${randomBytes(4).toString('hex')}.`;
const file = join(mkdtempSync(join(tmpdir(), 'gpo-topics-')), 'topics.json');

/** `npm run gpo -- topics ...` as its own process, on the run's Kafka. */
function gpo(...words: string[]): Promise<{ code: number; text: string }> {
  const env = {
    ...process.env,
    KAFKA_BROKERS: process.env.TEST_KAFKA_BROKERS!,
    KAFKA_TOPIC_PREFIX: prefix,
    TOPICS_FILE: file,
  };
  return new Promise((resolve) => {
    execFile(process.execPath, ['dist/tools/gpo/main.js', 'topics', ...words], { env }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), text: `${out}${err}` }),
    );
  });
}

function want(partitions: number, days: number): void {
  writeFileSync(file, JSON.stringify([{ name: 'ministry.x', partitions, retention_days: days }]));
}

describe('topics apply on a real Kafka', () => {
  it('says, creates, raises, keeps what others set, and never takes away without being told', async () => {
    const kafka = new KafkaConnection({
      brokers: [process.env.TEST_KAFKA_BROKERS!],
      topicPrefix: prefix,
      clientId: 'gpo-test',
    });
    const name = `${prefix}ministry.x`;
    const configs = (): Promise<Record<string, string>> =>
      kafka.withAdmin(async (admin) => {
        const { resources } = await admin.describeConfigs({
          includeSynonyms: false,
          resources: [{ type: ConfigResourceTypes.TOPIC, name }],
        });
        const entries = resources[0]!.configEntries;
        return Object.fromEntries(entries.map(({ configName, configValue }) => [configName, configValue]));
      });

    want(2, 3);
    const dry = await gpo('apply', '--dry-run');
    expect(dry.code).toBe(0);
    expect(dry.text.trim().split('\n')).toHaveLength(ALL_TOPICS.length + 1);
    expect(await kafka.withAdmin((admin) => admin.listTopics())).not.toContain(name);

    expect(await gpo('apply')).toMatchObject({ code: 0 });
    expect(await gpo('apply')).toEqual({ code: 0, text: 'Every topic is as wanted.\n' });

    await kafka.withAdmin((admin) =>
      admin.alterConfigs({
        validateOnly: false,
        resources: [
          {
            type: ConfigResourceTypes.TOPIC,
            name,
            configEntries: [
              { name: 'retention.ms', value: '259200000' },
              { name: 'max.message.bytes', value: '2000000' },
            ],
          },
        ],
      }),
    );
    want(4, 5);
    const raised = await gpo('apply');
    expect(raised).toEqual({
      code: 0,
      text: 'ministry.x: partitions 2 -> 4\nministry.x: retention 3 -> 5 days\n',
    });
    expect(await configs()).toMatchObject({ 'retention.ms': '432000000', 'max.message.bytes': '2000000' });

    want(3, 1);
    const refused = await gpo('apply');
    expect(refused.code).toBe(1);
    expect(refused.text).toMatch(/partitions 4 -> 3: not done.*\n.*retention 5 -> 1 days: not done/);
    expect(await configs()).toMatchObject({ 'retention.ms': '432000000' });
    const listed = JSON.parse((await gpo('list', '--json')).text) as Record<string, unknown>[];
    expect(listed.find(({ topic }) => topic === name)).toMatchObject({
      exists: true,
      partitions: 4,
      retention_days: '5',
    });
    expect((await gpo('apply', '--force')).text).toMatch(/retention 5 -> 1 days\n/);
    expect(await configs()).toMatchObject({ 'retention.ms': '86400000' });

    writeFileSync(file, '[{}]');
    expect(await gpo('apply')).toMatchObject({
      code: 1,
      text: expect.stringMatching(/Entry 1 of the topics file/),
    });
  }, 90_000);
});

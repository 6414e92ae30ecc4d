import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TOPICS, physicalName, type Topic } from '@gpo/messaging';
import {
  PathRig,
  goodLines,
  message,
  until,
  type AppName,
  type TestLine,
} from '../../../tools/testing/path-rig-spec.js';
import { recordsIn } from '../../../tools/testing/records-in-spec.js';

interface Case {
  topic: Topic;
  /** Who reads the topic: it is stopped while its records are there and then deleted. */
  reader: AppName;
  /** The reader is stopped when this topic holds the lines; from the start where there is none. */
  after?: Topic;
  /** Payees that make the rail or the rules write to the topic. */
  spoil: (line: TestLine) => TestLine;
  ends: string;
}

const COUNT = 100;
const keep = (line: TestLine): TestLine => line;
const ending =
  (digits: string) =>
  (line: TestLine): TestLine => ({
    ...line,
    payee_fa: `account_no:${String(100 + Math.floor(Math.random() * 900))}${digits}@BANKRWRW`,
  });
const badAmount = (line: TestLine): TestLine => ({ ...line, amount: '1.005' });

const { request, filteredRequests, malformedInput, response, success, failure, retry, review } = TOPICS;
const CASES: readonly Case[] = [
  { topic: request, reader: 'router', spoil: keep, ends: 'succeeded' },
  { topic: filteredRequests, reader: 'connectors', spoil: keep, ends: 'succeeded' },
  { topic: response, reader: 'router', after: filteredRequests, spoil: keep, ends: 'succeeded' },
  { topic: success, reader: 'gateway', after: request, spoil: keep, ends: 'succeeded' },
  { topic: failure, reader: 'gateway', after: request, spoil: ending('9990001'), ends: 'failed' },
  { topic: retry, reader: 'gateway', after: request, spoil: ending('9990014'), ends: 'succeeded' },
  { topic: review, reader: 'gateway', after: request, spoil: ending('9990007'), ends: 'review' },
  { topic: malformedInput, reader: 'gateway', after: request, spoil: badAmount, ends: 'malformed' },
];

describe('a topic that is deleted with all its records and made again', () => {
  let rig: PathRig;

  beforeAll(async () => {
    rig = await PathRig.start({ env: { connectors: { UNRESOLVED_MAX_MS: '1500', POLL_MAX_MS: '500' } } });
  }, 60_000);

  afterAll(() => rig.stop(), 60_000);

  const records = ({ name }: Topic): Promise<number> => recordsIn(rig.kafka, name);

  async function untilWritten(topic: Topic, more: number, before: number): Promise<void> {
    await until(30_000, async () => ((await records(topic)) - before >= more ? true : undefined));
  }

  it.each(CASES.map((one) => [one.topic.name, one] as const))(
    '%s: every disbursement still ends as it should, nothing is paid twice',
    async (name, { topic, reader, after, spoil, ends }) => {
      const lines = goodLines(COUNT).map(spoil);
      const transactionId = randomUUID();
      const { payments } = await rig.journal();
      const [writtenBefore, afterBefore] = [await records(topic), after ? await records(after) : 0];
      if (after === undefined) rig.kill(reader, 'SIGSTOP');
      await rig.post(message(transactionId, lines));
      if (after !== undefined) {
        await untilWritten(after, COUNT, afterBefore);
        rig.kill(reader, 'SIGSTOP');
      }
      // What the reader had not read by now is lost with the topic.
      await untilWritten(topic, COUNT, writtenBefore);
      const physical = physicalName(rig.prefix, name);
      await rig.kafka.withAdmin((admin) => admin.deleteTopics({ topics: [physical] }));
      await until(15_000, async () => {
        const existing = await rig.kafka.withAdmin((admin) => admin.listTopics());
        return existing.includes(physical) ? undefined : true;
      });
      await rig.kafka.ensureTopics();
      rig.kill(reader, 'SIGCONT');
      const batch = await until(90_000, async () => {
        const found = await rig.client.batch(transactionId);
        return found.states[ends]!.count === COUNT ? found : undefined;
      });
      const { payments: paid, double_payments } = await rig.journal();
      // A rail that answers after a day has paid nothing yet.
      const paying = ends === 'succeeded' ? COUNT : 0;
      expect({ paid: paid - payments, double_payments }).toEqual({ paid: paying, double_payments: 0 });
      expect(batch.total_count).toBe(COUNT);
    },
    180_000,
  );
});

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { TOPICS, physicalName } from '@gpo/messaging';
import { PathRig, goodLines, message } from '../../../tools/testing/path-rig-spec.js';

const DELETED = [TOPICS.request, TOPICS.filteredRequests, TOPICS.response, TOPICS.success];

describe('a topic that is deleted and made again in mid-run', () => {
  it.each(DELETED.map(({ name }) => name))(
    '%s: every disbursement still ends, paid once',
    async (name) => {
      const rig = await PathRig.start();
      try {
        const [transactionId, lines] = [randomUUID(), goodLines(600)];
        await rig.post(message(transactionId, lines));
        await sleep(250);
        const topic = physicalName(rig.prefix, name);
        await rig.kafka.withAdmin((admin) => admin.deleteTopics({ topics: [topic] }));
        await sleep(500);
        await rig.kafka.ensureTopics();
        const batch = await rig.settled(transactionId, 120_000);
        expect(batch.states.succeeded!.count).toBe(600);
        const { payments, double_payments } = await rig.journal();
        expect({ payments, double_payments }).toEqual({ payments: 600, double_payments: 0 });
      } finally {
        await rig.stop();
      }
    },
    180_000,
  );
});

import { setTimeout as sleep } from 'node:timers/promises';
import { physicalName, type KafkaConnection } from '@gpo/messaging';

const PATIENCE_MS = 20_000;

/** Records that a topic ever had. A topic that was made a moment ago may have no leader yet: it is asked again. */
export async function recordsIn(kafka: KafkaConnection, topic: string): Promise<number> {
  const name = physicalName(kafka.settings.topicPrefix, topic);
  for (const end = Date.now() + PATIENCE_MS; ;) {
    try {
      const offsets = await kafka.withAdmin((admin) => admin.fetchTopicOffsets(name));
      return offsets.reduce((sum, { high }) => sum + Number(high), 0);
    } catch (error) {
      const { type } = error as { type?: string };
      if (type !== 'NOT_LEADER_FOR_PARTITION' || Date.now() > end) throw error;
    }
    await sleep(100);
  }
}

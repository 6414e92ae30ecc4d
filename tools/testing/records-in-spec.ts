import type { KafkaConnection } from '@gpo/messaging';

/** Records that a topic ever had. */
export async function recordsIn(kafka: KafkaConnection, topic: string): Promise<number> {
  const offsets = await kafka.offsets(topic);
  return offsets.reduce((sum, { high }) => sum + Number(high), 0);
}

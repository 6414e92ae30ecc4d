import { randomUUID } from 'node:crypto';
import { TOPICS } from '@gpo/messaging';
import { produce } from '../../../tools/testing/kafka-rig-spec.js';
import { until, type PathRig } from '../../../tools/testing/path-rig-spec.js';

/** A sender that may write requests to Kafka itself. */
export const SENDER = 'ministry';

export interface Line extends Record<string, unknown> {
  reference_id: string;
}

export function line(change: Record<string, unknown> = {}): Line {
  return {
    reference_id: randomUUID(),
    payee_fa: 'phone:+254711223344@mpesa',
    amount: '75.00',
    currency_code: 'KES',
    ...change,
  };
}

/** Writes the lines to g2p.request as a direct producer does. */
export function writeDirect(
  rig: PathRig,
  transactionId: string,
  lines: readonly Line[],
  headers: Record<string, string> = {},
): Promise<void> {
  const records = lines.map((one) => ({
    key: one.reference_id,
    value: JSON.stringify({ sender_id: SENDER, transaction_id: transactionId, ...one }),
    headers,
  }));
  return produce(rig, TOPICS.request.name, records);
}

/** Waits until the batch is complete with so many lines, and everything was told. */
export function completed(
  rig: PathRig,
  transactionId: string,
  lines: number,
): ReturnType<PathRig['settled']> {
  return until(30_000, async () => {
    const batch = await rig.settled(transactionId, 5000);
    return batch.completed_at !== null && batch.total_count === lines ? batch : undefined;
  });
}

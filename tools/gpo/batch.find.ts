import { UUID } from '@gpo/g2p-connect-schemas';
import { CommandFailed } from './command-failed.js';
import { readApi } from './gateway.api.js';

/** A batch as the API tells it. */
export interface Batch {
  batch_id: string;
  sender_id: string;
  transaction_id: string;
  received_at: string;
  completed_at: string | null;
  total_count: number;
  held_by: string | null;
  states: Record<string, { count: number; amounts: { currency_code: string; amount: string }[] }>;
}

/** One batch, by batch_id or transaction_id. @throws CommandFailed where there is none. */
export async function findBatch(name: string): Promise<Batch> {
  if (UUID.test(name)) {
    const byId = await readBatches<Batch>(`/api/v1/batches/${name}`).catch((error: unknown) => {
      if (error instanceof CommandFailed && error.exitCode === 2) return undefined;
      throw error;
    });
    if (byId !== undefined) return byId;
  }
  const { batches } = await readBatches<{ batches: Batch[] }>(
    `/api/v1/batches?transaction_id=${encodeURIComponent(name)}`,
  );
  const [batch] = batches;
  if (batch === undefined) throw new CommandFailed(`There is no batch "${name}".`, 2);
  return batch;
}

export async function findBatchId(name: string): Promise<string> {
  return (await findBatch(name)).batch_id;
}

/** Something of batches, from the API. */
export function readBatches<T>(path: string): Promise<T> {
  return readApi<T>(path, 'There is no such batch.');
}

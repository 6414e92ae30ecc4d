import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { appendHistory, type HistoryEntry } from './history.repository.js';

const TEXTS = [null, '', 'plain', 'ክፍያ 💸', 'a:1-b', 'line\nline', 'it\'s \\ "quoted"'];

/** Any history, with any text. */
export function historyEntry(): HistoryEntry {
  const any = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)]!;
  return {
    ...{
      disbursementId: randomUUID(),
      batchId: randomUUID(),
      event: 'success',
      attemptNo: 1,
      cause: 'success',
    },
    ...{ fromState: 'received', toState: 'succeeded', reason: any(TEXTS), message: any(TEXTS) },
    ...{ scenario: any(TEXTS), scenarioVersion: any(TEXTS), actor: any(TEXTS) },
  };
}

/** Links of `lines` rows on four chains at once. */
export async function writeHistory(
  { dataSource }: { dataSource: DataSource },
  links: number,
  lines = 5,
): Promise<void> {
  const chains = [0, 1, 2, 16];
  await Promise.all(
    chains.map(async (chain) => {
      for (let made = 0; made < links; made += 1)
        await appendHistory(dataSource, Array.from({ length: lines }, historyEntry), chain);
    }),
  );
}

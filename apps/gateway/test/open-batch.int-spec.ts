import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { batchId } from '@gpo/g2p-connect-schemas';
import { createDataSource, freshDatabase, inTransaction, runMigrations } from '@gpo/persistence';
import { openBatch } from '../src/intake/batch.repository.js';

const SENDER = 'openg2p';
const WRITERS = 8;
// Without the guard about one round in a hundred fails.
const ROUNDS = 500;

let database: Awaited<ReturnType<typeof freshDatabase>>;
let record: DataSource;

beforeAll(async () => {
  database = await freshDatabase(process.env.TEST_DATABASE_URL!);
  record = await createDataSource(database.url, WRITERS).initialize();
  await runMigrations(record);
}, 60_000);

afterAll(async () => {
  await record.destroy();
  await database.drop();
}, 30_000);

async function open(transactionId: string): Promise<{ correlationId: string; isNew: boolean }> {
  return inTransaction(record, async (sql) => {
    const { stored, isNew } = await openBatch(sql, {
      batchId: batchId(SENDER, transactionId),
      senderId: SENDER,
      transactionId,
      correlationId: randomUUID(),
      messageId: randomUUID(),
      contentDigest: Buffer.alloc(32),
      channel: 'rest',
      callbackUrl: null,
    });
    return { correlationId: stored.correlation_id, isNew };
  });
}

describe('opening a batch', () => {
  it('eight writers with one new transaction at the same instant: one makes it, the others find it, none fails', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const transaction = randomUUID();
      const opened = await Promise.all(Array.from({ length: WRITERS }, () => open(transaction)));
      expect(new Set(opened.map(({ correlationId }) => correlationId)).size).toBe(1);
      expect(opened.filter(({ isNew }) => isNew).length).toBe(1);
    }
  }, 120_000);
});

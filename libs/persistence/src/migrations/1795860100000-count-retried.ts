import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How many lines of a batch were tried again is a counter as well: a list of batches counted them anew for each of its rows. */
export class CountRetried1795860100000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}

const UP = [
  'ALTER TABLE batch_counter ADD COLUMN retried bigint NOT NULL DEFAULT 0',
  `INSERT INTO batch_counter (batch_id, shard, state, currency_code, lines, amount_minor, retried)
   SELECT batch_id, 0, 'retrying', currency_code, 0, 0, count(*) FROM disbursement WHERE attempt_no > 1 GROUP BY batch_id, currency_code
   ON CONFLICT (batch_id, shard, state, currency_code) DO UPDATE SET retried = excluded.retried`,
  'DROP INDEX disbursement_retried',
];

const DOWN = [
  'CREATE INDEX disbursement_retried ON disbursement (batch_id) WHERE attempt_no > 1',
  'ALTER TABLE batch_counter DROP COLUMN retried',
];

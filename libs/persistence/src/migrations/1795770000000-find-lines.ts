import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Lines of a batch by state and by reason. State itself is in no index, so that its updates stay on their page (HOT); the lines that
 * an auditor asks for are the few that neither wait nor were paid, and theirs is a column of its own.
 */
export class FindLines1795770000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}

const UP = [
  `ALTER TABLE disbursement ADD COLUMN exception_state text
     GENERATED ALWAYS AS (CASE WHEN state NOT IN ('received', 'succeeded') THEN state END) STORED`,
  `CREATE INDEX disbursement_exception ON disbursement (batch_id, exception_state, line_no)
     WHERE exception_state IS NOT NULL`,
  `CREATE INDEX disbursement_reason ON disbursement (batch_id, reason, line_no) WHERE reason IS NOT NULL`,
  'CREATE INDEX batch_sender_received ON batch (sender_id, received_at, batch_id)',
];

const DOWN = [
  'DROP INDEX batch_sender_received',
  'DROP INDEX disbursement_reason',
  'ALTER TABLE disbursement DROP COLUMN exception_state',
];

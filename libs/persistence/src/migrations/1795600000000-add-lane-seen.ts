import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What the watchdog needs beyond open rows: which lanes a process hosts, and those attempts whose outcome can differ
 * from what their disbursement was told (it rose after a first one, or belongs to a retry).
 */
export class AddLaneSeen1795600000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE lane ADD COLUMN seen_at timestamptz NOT NULL DEFAULT now()');
    await runner.query(
      'CREATE INDEX attempt_risen ON attempt (updated_at) WHERE outcome_seq > 1 OR (attempt_no > 1 AND outcome_seq > 0)',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX attempt_risen');
    await runner.query('ALTER TABLE lane DROP COLUMN seen_at');
  }
}

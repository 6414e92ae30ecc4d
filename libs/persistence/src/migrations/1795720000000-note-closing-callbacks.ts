import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A file was loaded to its end, and no callback has said since that the batch is final: its last rows may add nothing
 * (repetitions of known lines), and then no line would carry the closing word.
 */
export class NoteClosingCallbacks1795720000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE batch ADD COLUMN closing_due boolean NOT NULL DEFAULT false');
    await runner.query('CREATE INDEX batch_closing ON batch (batch_id) WHERE closing_due');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX batch_closing');
    await runner.query('ALTER TABLE batch DROP COLUMN closing_due');
  }
}

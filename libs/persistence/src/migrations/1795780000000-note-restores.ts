import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Restores of an older database: what may have been paid since the backup is asked for before it is sent (docs/restore.md). */
export class NoteRestores1795780000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE restore (
      restore_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      backup_at timestamptz NOT NULL,
      restored_at timestamptz NOT NULL DEFAULT now(),
      ask_until timestamptz NOT NULL,
      actor text NOT NULL,
      reason text NOT NULL
    )`);
    await runner.query('CREATE INDEX restore_until ON restore (ask_until)');
    await runner.query(`CREATE TABLE lost_item_word (
      word_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      lane text NOT NULL,
      rail_id uuid NOT NULL,
      word jsonb NOT NULL,
      heard_at timestamptz NOT NULL DEFAULT now()
    )`);
    await runner.query(
      'CREATE UNIQUE INDEX lost_item_word_once ON lost_item_word (lane, rail_id, md5(word::text))',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE lost_item_word');
    await runner.query('DROP TABLE restore');
  }
}

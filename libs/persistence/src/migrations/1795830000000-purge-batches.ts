import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Batches whose lines were removed after their time (docs/purge.md). The batch itself stays, so that its transaction is never taken for a new one;
 * where its history was in the audit chain is kept, so that what is missing there is known.
 */
export class PurgeBatches1795830000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}

const REFUSE = (
  exception: string,
): string => `CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN ${exception} RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$`;

const UP = [
  'ALTER TABLE batch ADD COLUMN purged_at timestamptz, ADD COLUMN purged_lines integer',
  'CREATE INDEX batch_purging ON batch (purged_at) WHERE purged_at IS NOT NULL AND purged_lines IS NULL',
  'CREATE INDEX batch_completed ON batch (completed_at) WHERE purged_at IS NULL',
  `CREATE TABLE purged_row (
    batch_id uuid NOT NULL,
    chain smallint NOT NULL,
    link bigint NOT NULL,
    positions integer[] NOT NULL,
    PRIMARY KEY (chain, link, batch_id)
  )`,
  'CREATE INDEX purged_row_batch ON purged_row (batch_id, chain, link)',
  `CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON purged_row
     FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()`,
  // Only who owns the table may delete from it at all; this keeps the owner from doing so by accident.
  REFUSE(
    `IF TG_TABLE_NAME = 'history' AND TG_OP = 'DELETE' AND current_setting('gpo.purging', true) = 'on' THEN RETURN NULL; END IF;`,
  ),
  // Whatever finds the way past intake's own check: a line that was removed must never be taken for a new one.
  `CREATE FUNCTION refuse_lines() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'batch % was purged', NEW.batch_id; END $$`,
  `CREATE TRIGGER no_more_lines BEFORE UPDATE OF total_count, files_loading ON batch FOR EACH ROW
     WHEN (OLD.purged_at IS NOT NULL) EXECUTE FUNCTION refuse_lines()`,
];

const DOWN = [
  'DROP TRIGGER no_more_lines ON batch',
  'DROP FUNCTION refuse_lines',
  REFUSE(''),
  'DROP TABLE purged_row',
  'DROP INDEX batch_completed',
  'DROP INDEX batch_purging',
  'ALTER TABLE batch DROP COLUMN purged_at, DROP COLUMN purged_lines',
];

import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Lines whose payee is a beneficiary id wait for the mapper. `unresolved`: no lane may have it yet. A range is what one
 * call asks about; it goes when none of its lines waits. See docs/mapper.md.
 */
export class ResolvePayees1795750000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}

const UP = [
  'ALTER TABLE disbursement ADD COLUMN unresolved boolean NOT NULL DEFAULT false, ADD COLUMN resolved_at timestamptz',
  'CREATE INDEX disbursement_unresolved ON disbursement (batch_id, line_no) WHERE unresolved',
  'CREATE INDEX disbursement_resolved ON disbursement (resolved_at) WHERE resolved_at IS NOT NULL',
  `CREATE TABLE resolve_range (
    range_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    batch_id uuid NOT NULL,
    sender_id text NOT NULL,
    first_line integer NOT NULL,
    last_line integer NOT NULL,
    due_at timestamptz NOT NULL,
    next_at timestamptz NOT NULL,
    tries integer NOT NULL DEFAULT 0,
    question_id uuid CONSTRAINT resolve_range_question UNIQUE,
    last_error text
  )`,
  'CREATE INDEX resolve_range_next ON resolve_range (next_at, range_id)',
];

const DOWN = [
  'DROP TABLE resolve_range',
  'DROP INDEX disbursement_resolved',
  'DROP INDEX disbursement_unresolved',
  'ALTER TABLE disbursement DROP COLUMN resolved_at, DROP COLUMN unresolved',
];

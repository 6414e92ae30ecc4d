import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Holds by people: a mark on the batch, which holds all of its lines at once whatever their number, and a mark on
 * single lines, which wins over the batch's. See docs/decisions/0007-hold-marks.md.
 */
export class MarkHeldLines1795640000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}

const UP = [
  `ALTER TABLE batch
     ADD hold_mark text CONSTRAINT batch_hold_mark CHECK (hold_mark IN ('sender', 'operator')),
     ADD cancelling boolean NOT NULL DEFAULT false,
     ADD released_at timestamptz`,
  `ALTER TABLE disbursement
     ADD hold_mark text CONSTRAINT disbursement_hold_mark CHECK (hold_mark IN ('sender', 'operator', 'released')),
     ADD released_at timestamptz`,
  `CREATE INDEX disbursement_marked ON disbursement (batch_id, line_no) WHERE hold_mark IS NOT NULL`,
  `ALTER TABLE dispatch_range ADD released boolean NOT NULL DEFAULT false`,
  `CREATE INDEX dispatch_range_waiting ON dispatch_range (batch_id, first_line) WHERE published_at IS NULL`,
  // disbursement_ids: null = the whole batch.
  `CREATE TABLE batch_decision (
    decision_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    batch_id uuid NOT NULL,
    action text NOT NULL CONSTRAINT batch_decision_action CHECK (action IN ('hold', 'release', 'cancel')),
    disbursement_ids uuid[],
    actor text NOT NULL,
    reason text NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
  )`,
  `CREATE INDEX batch_decision_batch ON batch_decision (batch_id, decision_id)`,
];

const DOWN = [
  'DROP TABLE batch_decision',
  'DROP INDEX dispatch_range_waiting',
  'ALTER TABLE dispatch_range DROP COLUMN released',
  'DROP INDEX disbursement_marked',
  'ALTER TABLE disbursement DROP COLUMN hold_mark, DROP COLUMN released_at',
  'ALTER TABLE batch DROP COLUMN hold_mark, DROP COLUMN cancelling, DROP COLUMN released_at',
];

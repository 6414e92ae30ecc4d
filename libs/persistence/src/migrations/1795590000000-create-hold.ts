import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Disbursements that wait, or waited, for an operator; and who did what in the history. See docs/rules/on-hold.md. */
export class CreateHold1795590000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE history DROP COLUMN actor');
    await runner.query('DROP TABLE hold');
  }
}

// The record is kept as text: jsonb refuses \u0000, and what is published on release must be what was routed.
const UP = [
  `CREATE TABLE hold (
    disbursement_id uuid PRIMARY KEY,
    batch_id uuid NOT NULL,
    lane text NOT NULL,
    record text NOT NULL,
    reason text NOT NULL,
    held_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    released_at timestamptz,
    published_at timestamptz
  )`,
  `CREATE INDEX hold_open ON hold (held_at, disbursement_id) WHERE ended_at IS NULL`,
  `CREATE INDEX hold_unpublished ON hold (released_at) WHERE released_at IS NOT NULL AND published_at IS NULL`,
  `ALTER TABLE history ADD COLUMN actor text`,
];

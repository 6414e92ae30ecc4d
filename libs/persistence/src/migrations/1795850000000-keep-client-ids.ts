import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What clients of the Bridge API 1.1 and 3.x name themselves: an envelope's id must come with the same content again, and so must the name of
 * a call that creates disbursements.
 */
export class KeepClientIds1795850000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}

const UP = [
  'ALTER TABLE bridge_envelope ADD COLUMN digest bytea, ADD COLUMN benefit jsonb',
  `CREATE TABLE bridge_control (
    sender_id text NOT NULL,
    control_id text NOT NULL,
    envelope_id text NOT NULL,
    digest bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (sender_id, control_id)
  )`,
  'ALTER TABLE bridge_disbursement ADD COLUMN control_id text',
  'CREATE INDEX bridge_disbursement_control ON bridge_disbursement (sender_id, control_id) WHERE control_id IS NOT NULL',
];

const DOWN = [
  'ALTER TABLE bridge_disbursement DROP COLUMN control_id',
  'DROP TABLE bridge_control',
  'ALTER TABLE bridge_envelope DROP COLUMN digest, DROP COLUMN benefit',
];

import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What clients of the Bridge API name themselves: an envelope's id must come with the same content again, and so must a call that creates
 * disbursements, which is known by the client's name of it or by what it holds.
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
    bridge_ids text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (sender_id, control_id)
  )`,
  'ALTER TABLE bridge_disbursement ADD COLUMN control_id text',
  // Whether a line is cancelled is known by the line itself: what an envelope received counts all of them.
  `UPDATE bridge_envelope e SET received = received + s.lines, received_minor = received_minor + s.minor
     FROM (SELECT sender_id, envelope_id, count(*) AS lines, sum(amount_minor) AS minor FROM bridge_disbursement
            WHERE cancelled_at IS NOT NULL GROUP BY 1, 2) s
    WHERE e.sender_id = s.sender_id AND e.envelope_id = s.envelope_id`,
  'ALTER TABLE bridge_disbursement DROP COLUMN cancelled_at, DROP COLUMN amount_minor',
];

const DOWN = [
  'ALTER TABLE bridge_disbursement DROP COLUMN control_id, ADD COLUMN cancelled_at timestamptz, ADD COLUMN amount_minor bigint NOT NULL DEFAULT 0',
  'DROP TABLE bridge_control',
  'ALTER TABLE bridge_envelope DROP COLUMN digest, DROP COLUMN benefit',
];

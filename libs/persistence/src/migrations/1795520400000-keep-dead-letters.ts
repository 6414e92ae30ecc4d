import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Dead letters with what was decided about them; the id of the installation; where a parked record came from. */
export class KeepDeadLetters1795520400000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}

const UP = [
  `CREATE TABLE installation (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    installation_id uuid NOT NULL
  )`,
  `ALTER TABLE parked_record ADD COLUMN record_partition integer NOT NULL DEFAULT 0,
                             ADD COLUMN record_offset bigint NOT NULL DEFAULT 0`,
  // The key is kept as bytes, because a text column cannot hold every key that a producer may choose.
  `CREATE TABLE dead_letter (
    letter_id uuid PRIMARY KEY,
    reason text NOT NULL,
    detail text,
    topic text NOT NULL,
    record_partition integer NOT NULL,
    record_offset bigint NOT NULL,
    record_key bytea,
    record bytea,
    lettered_at timestamptz NOT NULL,
    registered_at timestamptz NOT NULL DEFAULT now(),
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'replayed', 'discarded')),
    decided_at timestamptz,
    decided_by text,
    decided_why text,
    CONSTRAINT dead_letter_decided CHECK ((state = 'open') = (decided_by IS NULL))
  )`,
  `CREATE INDEX dead_letter_open ON dead_letter (lettered_at, letter_id) WHERE state = 'open'`,
];

const DOWN = [
  'DROP TABLE dead_letter',
  'ALTER TABLE parked_record DROP COLUMN record_partition, DROP COLUMN record_offset',
  'DROP TABLE installation',
];

import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Auditor's packs: who asked for which, how far it is, and its bytes until it expires (docs/audit.md). */
export class MakePacks1795820000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}

const UP = [
  `CREATE TABLE pack (
    pack_id uuid PRIMARY KEY,
    batch_id uuid,
    from_day date,
    to_day date,
    state text NOT NULL CHECK (state IN ('asked', 'making', 'ready', 'failed')),
    asked_by text NOT NULL,
    asked_at timestamptz NOT NULL DEFAULT now(),
    tries integer NOT NULL DEFAULT 0,
    token uuid,
    lease_until timestamptz,
    files_done integer NOT NULL DEFAULT 0,
    files_total integer NOT NULL DEFAULT 0,
    lines_done bigint NOT NULL DEFAULT 0,
    lines_total bigint NOT NULL DEFAULT 0,
    bytes bigint,
    sha256 bytea,
    message text,
    ended_at timestamptz,
    CHECK ((batch_id IS NULL) = (from_day IS NOT NULL AND to_day IS NOT NULL))
  )`,
  `CREATE INDEX pack_waiting ON pack (asked_at) WHERE state IN ('asked', 'making')`,
  'CREATE INDEX pack_asked ON pack (asked_at, pack_id)',
  `CREATE TABLE pack_piece (
    pack_id uuid NOT NULL REFERENCES pack ON DELETE CASCADE,
    nth integer NOT NULL,
    bytes bytea NOT NULL,
    PRIMARY KEY (pack_id, nth)
  )`,
  // Zipped already.
  'ALTER TABLE pack_piece ALTER COLUMN bytes SET STORAGE EXTERNAL',
];

const DOWN = ['DROP TABLE pack_piece', 'DROP TABLE pack'];

import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Files of disbursements: their bytes in pieces, how far each is loaded, and on the batch how many are not loaded whole,
 * so that it cannot complete before. See docs/files.md.
 */
export class AddIntakeFiles1795620000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE batch DROP COLUMN files_loading');
    await runner.query('DROP TABLE intake_file_piece');
    await runner.query('DROP TABLE intake_file');
  }
}

const UP = [
  `CREATE TABLE intake_file (
    file_id uuid PRIMARY KEY,
    sender_id text NOT NULL,
    state text NOT NULL DEFAULT 'receiving' CHECK (state IN ('receiving', 'stored', 'loading', 'loaded', 'refused')),
    next_at timestamptz NOT NULL DEFAULT now(),
    batch_id uuid,
    transaction_id text,
    message_id text,
    callback_url text,
    content_digest bytea,
    format text CHECK (format IN ('csv', 'json')),
    layout jsonb,
    size bigint,
    rows integer,
    lines_before integer,
    next_byte bigint,
    rows_loaded integer NOT NULL DEFAULT 0,
    refusal text,
    stored_at timestamptz,
    ended_at timestamptz,
    CONSTRAINT intake_file_whole CHECK (state = 'receiving' OR (batch_id IS NOT NULL AND content_digest IS NOT NULL AND
      format IS NOT NULL AND size IS NOT NULL AND rows IS NOT NULL AND next_byte IS NOT NULL))
  )`,
  `CREATE UNIQUE INDEX intake_file_once ON intake_file (batch_id, content_digest)`,
  `CREATE INDEX intake_file_open ON intake_file (next_at) WHERE state IN ('receiving', 'stored', 'loading')`,
  `CREATE TABLE intake_file_piece (
    file_id uuid NOT NULL REFERENCES intake_file ON DELETE CASCADE,
    piece_no integer NOT NULL,
    bytes bytea NOT NULL,
    PRIMARY KEY (file_id, piece_no)
  )`,
  // Compressing each piece costs more time than the disk it saves: pieces live for minutes.
  `ALTER TABLE intake_file_piece ALTER COLUMN bytes SET STORAGE EXTERNAL`,
  `ALTER TABLE batch ADD COLUMN files_loading integer NOT NULL DEFAULT 0`,
];

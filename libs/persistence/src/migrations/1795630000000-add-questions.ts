import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Questions that a callback answers; the receiver of a callback, so that each has its own queue; every try with its
 * result; what operators sent again. `next_at` is set only where it is a callback's turn.
 */
export class AddQuestions1795630000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}

const UP = [
  `CREATE TABLE question (
    question_id uuid PRIMARY KEY,
    sender_id text NOT NULL,
    verb text NOT NULL CHECK (verb IN ('on-search', 'on-status')),
    transaction_id text NOT NULL,
    question jsonb NOT NULL,
    asked_at timestamptz NOT NULL DEFAULT now()
  )`,
  `CREATE INDEX question_transaction ON question (sender_id, transaction_id)`,
  `ALTER TABLE callback RENAME COLUMN abandoned_at TO failed_at`,
  `ALTER TABLE callback
    ADD COLUMN sender_id text,
    ADD COLUMN verb text NOT NULL DEFAULT 'on-disburse' CHECK (verb IN ('on-disburse', 'on-search', 'on-status')),
    ADD COLUMN receiver text,
    ADD COLUMN question_id uuid CONSTRAINT callback_answers_once UNIQUE,
    ADD COLUMN schedule_start integer NOT NULL DEFAULT 0,
    ALTER COLUMN batch_id DROP NOT NULL,
    ALTER COLUMN next_at DROP NOT NULL`,
  `UPDATE callback c
      SET sender_id = b.sender_id,
          receiver = b.sender_id || ' ' || lower(regexp_replace(split_part(c.url, '/', 3), ':[0-9]+$', '')),
          next_at = CASE WHEN c.delivered_at IS NULL AND c.failed_at IS NULL AND NOT EXISTS (
                      SELECT FROM callback e WHERE e.batch_id = c.batch_id AND e.version < c.version
                         AND e.delivered_at IS NULL AND e.failed_at IS NULL) THEN c.next_at END
     FROM batch b WHERE b.batch_id = c.batch_id`,
  `ALTER TABLE callback
    ALTER COLUMN sender_id SET NOT NULL,
    ALTER COLUMN receiver SET NOT NULL,
    ADD CONSTRAINT callback_of_batch_or_question CHECK (num_nonnulls(batch_id, question_id) = 1),
    ADD CONSTRAINT callback_open_only_is_due CHECK (next_at IS NULL OR num_nonnulls(delivered_at, failed_at) = 0)`,
  `DROP INDEX callback_due`,
  `CREATE INDEX callback_due ON callback (receiver, next_at) WHERE next_at IS NOT NULL`,
  `CREATE INDEX callback_open ON callback (batch_id, version) WHERE delivered_at IS NULL AND failed_at IS NULL`,
  `CREATE INDEX callback_failed ON callback (sender_id) WHERE failed_at IS NOT NULL`,
  `CREATE INDEX callback_newest ON callback (created_at, callback_id)`,
  `CREATE TABLE callback_try (
    callback_id uuid NOT NULL,
    try_no integer NOT NULL,
    at timestamptz NOT NULL,
    http_status integer,
    reason text,
    PRIMARY KEY (callback_id, try_no)
  )`,
  `CREATE TABLE callback_resend (
    resend_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    callback_id uuid NOT NULL,
    resent_by text NOT NULL,
    reason text NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
  )`,
  `CREATE INDEX callback_resend_of ON callback_resend (callback_id)`,
];

const DOWN = [
  'DROP TABLE callback_resend',
  'DROP TABLE callback_try',
  'DROP INDEX callback_newest',
  'DROP INDEX callback_failed',
  'DROP INDEX callback_open',
  'DROP INDEX callback_due',
  'DELETE FROM callback WHERE question_id IS NOT NULL',
  `ALTER TABLE callback DROP CONSTRAINT callback_open_only_is_due, DROP CONSTRAINT callback_of_batch_or_question`,
  `UPDATE callback SET next_at = now() WHERE next_at IS NULL`,
  `ALTER TABLE callback
    DROP COLUMN schedule_start, DROP COLUMN question_id, DROP COLUMN receiver, DROP COLUMN verb, DROP COLUMN sender_id,
    ALTER COLUMN batch_id SET NOT NULL, ALTER COLUMN next_at SET NOT NULL`,
  'ALTER TABLE callback RENAME COLUMN failed_at TO abandoned_at',
  `CREATE INDEX callback_due ON callback (next_at) WHERE delivered_at IS NULL AND abandoned_at IS NULL`,
  'DROP TABLE question',
];

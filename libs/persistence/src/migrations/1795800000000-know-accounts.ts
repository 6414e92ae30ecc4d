import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which account each payer is paid from, what bookings moved on their account, and the files themselves (docs/statements.md). */
export class KnowAccounts1795800000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}

/** An account as it is compared: capital letters, no spaces or dashes, no bank before a slash. */
const NAME = `upper(regexp_replace(account, '^.*/|[[:space:]-]', '', 'g'))`;

const UP = [
  // Account per payer_fa, one row each time that a lane's settings change: a payment is judged by those of its time. '' stands for every other
  // payer; an account '' is the one that the payer's address names.
  `CREATE TABLE lane_account (
    lane text NOT NULL,
    since timestamptz NOT NULL DEFAULT now(),
    accounts jsonb NOT NULL,
    PRIMARY KEY (lane, since)
  )`,
  `CREATE FUNCTION account_name(account text) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT ${NAME} $$`,
  // What moved on the account where that is in another currency than the payment.
  'ALTER TABLE booking ADD COLUMN account_minor bigint, ADD COLUMN account_currency text',
  'CREATE INDEX booking_group ON booking (lane, group_name) WHERE group_name IS NOT NULL',
  `CREATE TABLE statement_file (
    file_digest bytea PRIMARY KEY,
    bytes bytea NOT NULL,
    kept_at timestamptz NOT NULL DEFAULT now()
  )`,
  // Read in pieces.
  'ALTER TABLE statement_file ALTER COLUMN bytes SET STORAGE EXTERNAL',
  'CREATE INDEX reconciliation_break_of ON reconciliation_break (disbursement_id) WHERE disbursement_id IS NOT NULL',
  'CREATE INDEX reconciliation_break_at ON reconciliation_break (opened_at, break_id)',
];

const DOWN = [
  'DROP INDEX reconciliation_break_at',
  'DROP INDEX reconciliation_break_of',
  'DROP TABLE statement_file',
  'DROP INDEX booking_group',
  'ALTER TABLE booking DROP COLUMN account_minor, DROP COLUMN account_currency',
  'DROP FUNCTION account_name',
  'DROP TABLE lane_account',
];

import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What rails say happened on their accounts, and which attempt each booking is of (docs/statements.md). */
export class KeepStatements1795790000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}

const UP = [
  `CREATE TABLE statement (
    statement_id uuid PRIMARY KEY,
    lane text NOT NULL,
    account text NOT NULL,
    name text NOT NULL,
    form text NOT NULL,
    whole boolean NOT NULL,
    file_name text NOT NULL,
    file_digest bytea NOT NULL,
    currency_code text,
    opening_minor bigint,
    opening_on date,
    closing_minor bigint,
    closing_on date,
    bookings integer NOT NULL,
    imported_at timestamptz NOT NULL DEFAULT now(),
    imported_by text NOT NULL
  )`,
  'CREATE INDEX statement_lane ON statement (lane, account, closing_on)',
  `CREATE TABLE booking (
    booking_id uuid PRIMARY KEY,
    statement_id uuid NOT NULL REFERENCES statement,
    lane text NOT NULL,
    account text NOT NULL,
    direction text NOT NULL CHECK (direction IN ('debit', 'credit')),
    reversal boolean NOT NULL,
    amount_minor bigint NOT NULL,
    currency_code text NOT NULL,
    booked_on date,
    value_on date,
    reference text,
    end_to_end_id text,
    rail_id uuid,
    code text,
    message text,
    group_name text,
    group_lines integer,
    disbursement_id uuid,
    attempt_no integer
  )`,
  'CREATE INDEX booking_unmatched ON booking (lane, booking_id) WHERE disbursement_id IS NULL',
  'CREATE INDEX booking_disbursement ON booking (disbursement_id) WHERE disbursement_id IS NOT NULL',
  'CREATE INDEX booking_account ON booking (lane, account, booked_on)',
  `CREATE TABLE reconciliation_break (
    break_id uuid PRIMARY KEY,
    lane text NOT NULL,
    kind text NOT NULL,
    disbursement_id uuid,
    attempt_no integer,
    booking_id uuid,
    currency_code text NOT NULL,
    expected_minor bigint,
    actual_minor bigint,
    opened_at timestamptz NOT NULL DEFAULT now(),
    closed_at timestamptz,
    closed_as text CHECK (closed_as IN ('explained', 'settled')),
    actor text,
    reason text
  )`,
  'CREATE INDEX reconciliation_break_open ON reconciliation_break (lane, break_id) WHERE closed_at IS NULL',
  // Summarizing, so that updates of an attempt stay on their page.
  'CREATE INDEX attempt_resolved ON attempt USING brin (resolved_at)',
  'CREATE INDEX attempt_reference ON attempt (rail_reference) WHERE rail_reference IS NOT NULL',
];

const DOWN = [
  'DROP INDEX attempt_reference',
  'DROP INDEX attempt_resolved',
  'DROP TABLE reconciliation_break',
  'DROP TABLE booking',
  'DROP TABLE statement',
];

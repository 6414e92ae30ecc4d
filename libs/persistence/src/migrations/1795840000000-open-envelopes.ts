import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Envelopes of the G2P Bridge API, each of them one batch, and the ids by which its clients name disbursements (docs/openg2p.md). */
export class OpenEnvelopes1795840000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}

const UP = [
  `CREATE TABLE bridge_envelope (
    sender_id text NOT NULL,
    envelope_id text NOT NULL,
    programme text NOT NULL,
    frequency text NOT NULL,
    cycle text NOT NULL,
    beneficiaries integer NOT NULL,
    disbursements integer NOT NULL,
    total_minor bigint NOT NULL,
    currency_code text NOT NULL,
    schedule_on date NOT NULL,
    received integer NOT NULL DEFAULT 0,
    received_minor bigint NOT NULL DEFAULT 0,
    cancelled_at timestamptz,
    cancel_ended_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (sender_id, envelope_id)
  )`,
  'CREATE INDEX bridge_envelope_cancelling ON bridge_envelope (cancelled_at) WHERE cancelled_at IS NOT NULL AND cancel_ended_at IS NULL',
  `CREATE TABLE bridge_disbursement (
    sender_id text NOT NULL,
    bridge_id text NOT NULL,
    envelope_id text NOT NULL,
    disbursement_id uuid NOT NULL,
    mis_reference_number text,
    digest bytea NOT NULL,
    amount_minor bigint NOT NULL,
    cancelled_at timestamptz,
    PRIMARY KEY (sender_id, bridge_id)
  )`,
  `CREATE UNIQUE INDEX bridge_disbursement_reference ON bridge_disbursement (sender_id, envelope_id, mis_reference_number)
     WHERE mis_reference_number IS NOT NULL`,
  'CREATE INDEX bridge_disbursement_of ON bridge_disbursement (disbursement_id)',
];

const DOWN = ['DROP TABLE bridge_disbursement', 'DROP TABLE bridge_envelope'];

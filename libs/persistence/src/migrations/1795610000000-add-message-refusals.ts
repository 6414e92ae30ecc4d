import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Refusals that belong to one message and not to its batch; message ids of strict senders as keys; whether a line named
 * its payer.
 */
export class AddMessageRefusals1795610000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE message_refusal (
        batch_id uuid NOT NULL,
        content_digest bytea NOT NULL,
        line_no integer NOT NULL,
        reference_id text NOT NULL,
        errors text[] NOT NULL,
        message text NOT NULL,
        line jsonb NOT NULL,
        refused_at timestamptz NOT NULL DEFAULT now(),
        published_at timestamptz,
        PRIMARY KEY (batch_id, content_digest, line_no)
      )`,
    );
    await runner.query(
      `CREATE INDEX message_refusal_unpublished ON message_refusal (batch_id, content_digest, line_no)
        WHERE published_at IS NULL`,
    );
    await runner.query(
      `CREATE TABLE message_key (
        sender_id text NOT NULL,
        message_id text NOT NULL,
        batch_id uuid NOT NULL,
        content_digest bytea NOT NULL,
        received_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (sender_id, message_id)
      )`,
    );
    await runner.query('ALTER TABLE disbursement ADD payer_absent boolean NOT NULL DEFAULT false');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE disbursement DROP COLUMN payer_absent');
    await runner.query('DROP TABLE message_key');
    await runner.query('DROP TABLE message_refusal');
  }
}

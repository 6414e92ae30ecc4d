import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * How far a sender has used its quota, over all gateways together: two instants, as lane.next_slot_at is one. Fill
 * factor 50 keeps the updates on their page.
 */
export class AddSenderQuota1795640100000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE sender_quota (
        sender_id text PRIMARY KEY,
        intake_paid_until timestamptz NOT NULL DEFAULT now(),
        dispatch_per_minute integer CONSTRAINT sender_quota_pace CHECK (dispatch_per_minute > 0),
        dispatch_paid_until timestamptz NOT NULL DEFAULT now()
      ) WITH (fillfactor = 50)`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE sender_quota');
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What an operator needs to end an attempt that nobody can know about: when it was sent, each time, and what the
 * process that hosts its lane says of the lane. See docs/reviews.md.
 */
export class ShowReviews1795710000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX attempt_review');
    await runner.query('ALTER TABLE attempt DROP COLUMN resent_at');
    await runner.query('ALTER TABLE lane DROP COLUMN hosted');
  }
}

// Most attempts are sent once; for them resent_at stays NULL and costs nothing.
const UP = [
  'ALTER TABLE lane ADD COLUMN hosted jsonb',
  'ALTER TABLE attempt ADD COLUMN resent_at timestamptz[]',
  `CREATE INDEX attempt_review ON attempt (resolved_at, disbursement_id) WHERE state = 'review'`,
];

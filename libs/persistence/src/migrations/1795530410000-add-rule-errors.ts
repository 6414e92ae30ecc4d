import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What Nussknacker's error topic told, for an operator. The digest lets a record that comes twice count once. */
export class AddRuleErrors1795530410000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE rule_error (
      rule_error_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      scenario text NOT NULL,
      node text NOT NULL,
      message text NOT NULL,
      source_key text,
      happened_at timestamptz NOT NULL,
      stored_at timestamptz NOT NULL DEFAULT now(),
      record_partition integer NOT NULL,
      record_offset bigint NOT NULL,
      record_digest bytea NOT NULL,
      CONSTRAINT rule_error_once UNIQUE (record_partition, record_offset, record_digest)
    )`);
    await runner.query('CREATE INDEX rule_error_stored ON rule_error (stored_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE rule_error');
  }
}

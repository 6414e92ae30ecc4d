import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Versions of the JSON Schemas that the gateway serves to Nussknacker. Rows are only ever added: Nussknacker caches a
 * schema by its id for ever, so an id must never stand for another text.
 */
export class AddSchemaRegistry1795530400000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE registry_schema (
      schema_id integer PRIMARY KEY,
      subject text NOT NULL,
      version integer NOT NULL,
      schema text NOT NULL,
      registered_at timestamptz NOT NULL DEFAULT now(),
      CONSTRAINT registry_schema_version UNIQUE (subject, version)
    )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE registry_schema');
  }
}

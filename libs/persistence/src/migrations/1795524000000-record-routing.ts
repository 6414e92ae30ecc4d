import type { MigrationInterface, QueryRunner } from 'typeorm';

const ROUTED_ROWS = ['history', 'attempt', 'retry'];

/** Which engine routes, which rules were active when, and which rules decided a row. */
export class RecordRouting1795524000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE routing_engine (
      only_row boolean PRIMARY KEY DEFAULT true CONSTRAINT routing_engine_one CHECK (only_row),
      engine text NOT NULL CHECK (engine IN ('embedded', 'nussknacker')),
      instance text NOT NULL,
      since timestamptz NOT NULL DEFAULT now()
    )`);
    await runner.query(`CREATE TABLE scenario_version (
      activation_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      scenario text NOT NULL,
      version text NOT NULL,
      engine text NOT NULL CHECK (engine IN ('embedded', 'nussknacker')),
      source_topic text NOT NULL,
      sink_topics text[] NOT NULL,
      active_from timestamptz NOT NULL DEFAULT now(),
      file text NOT NULL
    )`);
    await runner.query(
      `CREATE INDEX scenario_version_latest ON scenario_version (engine, scenario, activation_id DESC)`,
    );
    for (const table of ROUTED_ROWS)
      await runner.query(`ALTER TABLE ${table} ADD scenario text, ADD scenario_version text`);
    await runner.query(`ALTER TABLE parked_record ADD routed_by text`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE parked_record DROP routed_by`);
    for (const table of ROUTED_ROWS)
      await runner.query(`ALTER TABLE ${table} DROP scenario, DROP scenario_version`);
    await runner.query(`DROP TABLE scenario_version`);
    await runner.query(`DROP TABLE routing_engine`);
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Circuit breaker and limits of a lane over all processes, and what happened to it. See docs/lanes.md. */
export class GuardLanes1795710100000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}

// A lane's looks are found without walking over those of a lane that does not answer.
const UP = [
  'ALTER TABLE lane ADD COLUMN silences integer NOT NULL DEFAULT 0',
  `CREATE TABLE lane_event (
    event_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    lane text NOT NULL,
    to_state text NOT NULL,
    actor text NOT NULL,
    reason text,
    at timestamptz NOT NULL DEFAULT now()
  )`,
  'CREATE INDEX lane_event_lane ON lane_event (lane, event_id)',
  `CREATE INDEX attempt_sending ON attempt (lane, send_by) WHERE state = 'sending'`,
  'CREATE INDEX attempt_look ON attempt (lane, next_at) WHERE next_at IS NOT NULL',
  'DROP INDEX attempt_next',
];

const DOWN = [
  'CREATE INDEX attempt_next ON attempt (next_at) WHERE next_at IS NOT NULL',
  'DROP INDEX attempt_look',
  'DROP INDEX attempt_sending',
  'DROP TABLE lane_event',
  'ALTER TABLE lane DROP COLUMN silences',
];

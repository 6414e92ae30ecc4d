import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A line keeps the lane and the rail's reference of the attempt that ended it, so that a page of ended lines asks no attempts: their index
 * is in the order of ids, and one page of 100 would read 100 places of it. Null where no attempt ended it, or it ended before this: then
 * the attempt says it.
 */
export class NoteEndedLane1795860000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'ALTER TABLE disbursement ADD COLUMN ended_lane text, ADD COLUMN ended_rail_reference text',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE disbursement DROP COLUMN ended_lane, DROP COLUMN ended_rail_reference');
  }
}

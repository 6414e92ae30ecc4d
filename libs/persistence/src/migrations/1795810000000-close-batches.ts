import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Batches that were closed and opened again (docs/close-out.md). Whatever changes a closed batch opens it in the same transaction, so that
 * no close-out stands beside something else.
 */
export class CloseBatches1795810000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}

const FINAL = `('succeeded', 'failed', 'returned', 'malformed', 'cancelled')`;

const UP = [
  `CREATE TABLE close_out (
    batch_id uuid NOT NULL,
    nth integer NOT NULL,
    event text NOT NULL CHECK (event IN ('closed', 'reopened')),
    at timestamptz NOT NULL DEFAULT now(),
    actor text NOT NULL,
    reason text NOT NULL,
    document text,
    signature text,
    PRIMARY KEY (batch_id, nth),
    CHECK ((event = 'closed') = (document IS NOT NULL AND signature IS NOT NULL))
  )`,
  'CREATE INDEX close_out_at ON close_out (at, batch_id)',
  `CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON close_out
     FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()`,
  // The lock on the batch lets a close-out that is being made see the change, or this see the close-out.
  `CREATE FUNCTION reopen_batch(the_batch uuid, who text, why text) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM FROM batch WHERE batch_id = the_batch FOR NO KEY UPDATE;
      INSERT INTO close_out (batch_id, nth, event, actor, reason)
      SELECT c.batch_id, c.nth + 1, 'reopened', who, why
        FROM (SELECT * FROM close_out WHERE batch_id = the_batch ORDER BY nth DESC LIMIT 1) c WHERE c.event = 'closed';
    END $$`,
  `CREATE FUNCTION reopen_for_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_TABLE_NAME = 'batch' THEN
        PERFORM reopen_batch(NEW.batch_id, 'record', 'lines were added');
      ELSIF TG_TABLE_NAME = 'disbursement' THEN
        PERFORM reopen_batch(NEW.batch_id, 'record', NEW.disbursement_id || ' was ' || OLD.state || ' and is ' || NEW.state);
      ELSE
        PERFORM reopen_batch(d.batch_id, 'reconciliation', 'break ' || NEW.break_id || ' (' || NEW.kind || ')')
           FROM disbursement d WHERE d.disbursement_id = NEW.disbursement_id;
      END IF;
      RETURN NULL;
    END $$`,
  `CREATE TRIGGER reopen AFTER UPDATE OF completed_at ON batch FOR EACH ROW
     WHEN (OLD.completed_at IS NOT NULL AND NEW.completed_at IS NULL) EXECUTE FUNCTION reopen_for_change()`,
  `CREATE TRIGGER reopen AFTER UPDATE OF state ON disbursement FOR EACH ROW
     WHEN (OLD.state IN ${FINAL} AND OLD.state <> NEW.state) EXECUTE FUNCTION reopen_for_change()`,
  `CREATE TRIGGER reopen AFTER INSERT OR UPDATE OF closed_at ON reconciliation_break FOR EACH ROW
     WHEN (NEW.closed_at IS NULL AND NEW.disbursement_id IS NOT NULL) EXECUTE FUNCTION reopen_for_change()`,
];

const DOWN = [
  'DROP TRIGGER reopen ON reconciliation_break',
  'DROP TRIGGER reopen ON disbursement',
  'DROP TRIGGER reopen ON batch',
  'DROP FUNCTION reopen_for_change',
  'DROP FUNCTION reopen_batch',
  'DROP TABLE close_out',
];

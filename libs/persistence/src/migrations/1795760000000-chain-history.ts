import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * History that cannot be changed unseen: append-only by trigger, and hashed into chains (docs/audit.md). What was written
 * before has no link and is left as it is.
 */
export class ChainHistory1795760000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}

const UTC = `AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'`;
/** The same columns in the same order as LEAF_COLUMNS of libs/audit. */
const LEAF = [
  ...['history_id', 'disbursement_id', 'batch_id', 'event', 'from_state', 'to_state', 'attempt_no', 'reason'],
  ...['message', 'cause', 'scenario', 'scenario_version', 'actor', 'at', 'chain', 'link'],
].map((name) => `h.${name}`);

const UP = [
  'ALTER TABLE history ADD COLUMN chain smallint, ADD COLUMN link bigint',
  `CREATE TABLE audit_head (chain smallint PRIMARY KEY, link bigint NOT NULL, hash bytea NOT NULL) WITH (fillfactor = 50)`,
  `INSERT INTO audit_head SELECT chain, 0, decode(repeat('00', 32), 'hex') FROM generate_series(0, 16) AS chain`,
  `CREATE TABLE audit_link (
    chain smallint NOT NULL,
    link bigint NOT NULL,
    first_id bigint NOT NULL,
    last_id bigint NOT NULL,
    lines integer NOT NULL,
    leaves bytea NOT NULL,
    hash bytea NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (chain, link)
  )`,
  'CREATE INDEX audit_link_first ON audit_link (first_id)',
  'CREATE INDEX audit_link_at ON audit_link (at)',
  `CREATE TABLE audit_publication (chain smallint PRIMARY KEY, link bigint NOT NULL)`,
  'INSERT INTO audit_publication SELECT chain, 0 FROM generate_series(0, 16) AS chain',
  `CREATE FUNCTION history_leaf(h history) RETURNS bytea STABLE LANGUAGE sql AS
    $$ SELECT sha256(record_send(ROW(${LEAF.join(', ')}))) $$`,
  `CREATE FUNCTION audit_link_hash(chain smallint, link bigint, lines integer, leaves bytea, at timestamptz, before bytea)
    RETURNS bytea STABLE LANGUAGE sql AS
    $$ SELECT sha256(convert_to(concat_ws(E'\\n', chain, link, lines, encode(sha256(leaves), 'hex'),
                                          to_char(at ${UTC}), encode(before, 'hex')), 'UTF8')) $$`,
  `CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$`,
  ...['history', 'audit_link'].map(
    (table) => `CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ${table}
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()`,
  ),
];

const DOWN = [
  'DROP TRIGGER append_only ON history',
  'DROP FUNCTION history_leaf(history)',
  'DROP TABLE audit_link',
  'DROP FUNCTION audit_link_hash',
  'DROP FUNCTION refuse_change',
  'DROP TABLE audit_head',
  'DROP TABLE audit_publication',
  'ALTER TABLE history DROP COLUMN chain, DROP COLUMN link',
];

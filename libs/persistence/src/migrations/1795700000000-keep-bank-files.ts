import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Rails that are paid by files: which attempt is in which file, so that after a crash the file is looked for and never
 * made again under another id; what the bank's answers said of each; which answers were read.
 */
export class KeepBankFiles1795700000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['bank_answer', 'bank_file_item', 'bank_file'])
      await runner.query(`DROP TABLE ${table}`);
  }
}

const UP = [
  `CREATE TABLE bank_file (
    lane            text        NOT NULL,
    message_id      text        NOT NULL,
    file_name       text        NOT NULL,
    claim           uuid        NOT NULL,
    state           text        NOT NULL,
    created_at      timestamptz NOT NULL,
    prepared_at     timestamptz NOT NULL DEFAULT now(),
    placed_at       timestamptz,
    acknowledged_at timestamptz,
    trouble_kind    text,
    trouble         text,
    trouble_at      timestamptz,
    CONSTRAINT bank_file_pk PRIMARY KEY (lane, message_id),
    CONSTRAINT bank_file_state CHECK (state IN ('prepared', 'placing', 'placed'))
  )`,
  `CREATE INDEX bank_file_silent ON bank_file (lane, placed_at) WHERE acknowledged_at IS NULL`,
  `CREATE INDEX bank_file_trouble ON bank_file (lane, trouble_at) WHERE trouble_at IS NOT NULL`,
  `CREATE INDEX bank_file_prepared ON bank_file (lane, prepared_at)`,
  `CREATE TABLE bank_file_item (
    lane          text     NOT NULL,
    rail_id       uuid     NOT NULL,
    message_id    text     NOT NULL,
    group_id      text     NOT NULL,
    amount_minor  bigint   NOT NULL,
    currency_code text     NOT NULL,
    exponent      smallint NOT NULL,
    said          jsonb,
    said_at       timestamptz,
    CONSTRAINT bank_file_item_pk PRIMARY KEY (lane, rail_id),
    CONSTRAINT bank_file_item_file FOREIGN KEY (lane, message_id) REFERENCES bank_file (lane, message_id) ON DELETE CASCADE
  ) WITH (fillfactor = 50)`,
  `CREATE INDEX bank_file_item_message ON bank_file_item (lane, message_id)`,
  `CREATE TABLE bank_answer (
    lane        text        NOT NULL,
    file_name   text        NOT NULL,
    size_bytes  bigint      NOT NULL,
    modified_at bigint      NOT NULL,
    kind        text        NOT NULL,
    refusal     text,
    read_at     timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT bank_answer_pk PRIMARY KEY (lane, file_name, size_bytes, modified_at)
  )`,
];

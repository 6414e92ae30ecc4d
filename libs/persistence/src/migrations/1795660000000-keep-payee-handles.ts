import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Rails that pay recipients of their own (a recipient code per payee) are told of each payee once; the key is a hash. */
export class KeepPayeeHandles1795660000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE payee_handle (
        lane       text        NOT NULL,
        payee_key  text        NOT NULL,
        handle     text        NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT payee_handle_pk PRIMARY KEY (lane, payee_key)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE payee_handle');
  }
}

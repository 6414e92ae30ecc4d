import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The flag of a line whose payee is paid by another disbursement at about the same time, and the index that finds it.
 * Both indexed values never change after the insert, so updates of the row stay on its page. The hash keeps an entry
 * at 16 bytes whatever the address is; the query compares the address itself as well.
 */
export class FlagDuplicatePayee1795590100000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE disbursement ADD COLUMN duplicate_payee_of uuid');
    await runner.query(
      'CREATE INDEX disbursement_payee ON disbursement (hashtextextended(lower(payee_fa), 0), due_at)',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX disbursement_payee');
    await runner.query('ALTER TABLE disbursement DROP COLUMN duplicate_payee_of');
  }
}

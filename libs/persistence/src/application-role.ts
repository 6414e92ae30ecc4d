import type { DataSource } from 'typeorm';

/** What is only ever added to: proof that the record was not edited (docs/audit.md). */
const APPEND_ONLY = ['history', 'audit_link', 'close_out', 'purged_row'];

/**
 * Gives a role of the database what the processes need and no more: rows of every table, but of history, links and close-outs only to
 * read and to add. The role owns nothing, so it can turn no trigger off. Run as the owner, after every upgrade, before
 * the processes start.
 * @param role an existing role. @throws what the driver throws, also where there is no such role.
 */
export async function grantApplication(owner: DataSource, role: string): Promise<void> {
  const name = `"${role.replaceAll('"', '""')}"`;
  await owner.transaction(async (sql) => {
    await sql.query(`GRANT USAGE ON SCHEMA public TO ${name}`);
    await sql.query(
      `GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA public TO ${name}`,
    );
    await sql.query(`GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ${name}`);
    await sql.query(`REVOKE UPDATE, DELETE, TRUNCATE ON ${APPEND_ONLY.join(', ')} FROM ${name}`);
  });
}

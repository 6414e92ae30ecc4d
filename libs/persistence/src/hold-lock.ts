import { ADVISORY_LOCKS } from './advisory-locks.js';
import type { Sql } from './data-source.js';

/**
 * A claim inserts attempt 1 where the disbursement is not held; a hold (by rule: state, by a person: mark) is made
 * where attempt 1 is absent. Each reads what the other writes, so without a common lock both could succeed. Claims share it (one call for a
 * whole set); to be called before the first statement that reads, so that the read sees every hold that came first.
 * Released at the end of the transaction.
 */
export async function lockHoldsOut(sql: Sql): Promise<void> {
  await sql.query('SELECT pg_advisory_xact_lock_shared($1)', [ADVISORY_LOCKS.hold]);
}

/** The hold's side: waits for running claims and lets none begin until this transaction has ended. */
export async function lockClaimsOut(sql: Sql): Promise<void> {
  await sql.query('SELECT pg_advisory_xact_lock($1)', [ADVISORY_LOCKS.hold]);
}

// PostgreSQL classes 08 (connection), 40 (rolled back for the sake of another: deadlock), 53 (resources), 57 (operator
// intervention), and Node's connection errors.
const AWAY = /^(08|40|53|57)|^(ECONNREFUSED|ECONNRESET|ETIMEDOUT|EPIPE|ENOTFOUND|EAI_AGAIN)$/;
const NO_CONNECTION = /timeout exceeded when trying to connect|Connection terminated/;

/**
 * True where PostgreSQL did not take the work, so that the same work should be tried again later.
 * @param error what `pg` or TypeORM threw.
 */
export function isDatabaseAway(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { code, severity, message, driverError } = error as Record<string, unknown>;
  // FATAL refuses or ends the session, whatever its code: a closed or missing database, a refused password.
  if (severity === 'FATAL' || severity === 'PANIC') return true;
  if (typeof code === 'string' && AWAY.test(code)) return true;
  if (typeof message === 'string' && NO_CONNECTION.test(message)) return true;
  return driverError !== undefined && driverError !== error && isDatabaseAway(driverError);
}

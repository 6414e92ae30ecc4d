import type { Sql } from '@gpo/persistence';
import { UnreadableFile } from '@gpo/xml';
import type { Statement } from '@gpo/statements';

/**
 * The account that an attempt `a` of a disbursement `d` was to be paid from, as its lane was set when it was sent, as a row `paying`. NULL where
 * the lane's connector knows no accounts.
 */
export const PAYING_ACCOUNT = `LEFT JOIN LATERAL (
  SELECT account_name(coalesce(l.accounts ->> d.payer_fa, nullif(l.accounts ->> '', ''), substring(d.payer_fa FROM '^(?:[^:@]*:)?([^@]+)'))) AS account
    FROM lane_account l, (SELECT coalesce(a.first_send_at, a.queued_at) AS at) sent
   WHERE l.lane = a.lane
   ORDER BY l.since <= sent.at DESC, CASE WHEN l.since <= sent.at THEN l.since END DESC, l.since LIMIT 1) paying ON true`;

/**
 * Refuses statements of accounts that the lane does not pay from: they belong to another lane, or name the account otherwise.
 * @throws UnreadableFile that names both.
 */
export async function requireAccounts(
  sql: Sql,
  lane: string,
  statements: readonly Statement[],
): Promise<void> {
  const known = await sql.query<{ account: string }[]>(
    `SELECT DISTINCT account_name(e.value) AS account
       FROM lane_account l CROSS JOIN LATERAL jsonb_each_text(l.accounts) e WHERE l.lane = $1 ORDER BY 1`,
    [lane],
  );
  // A lane without accounts, or whose payers' addresses name them, may pay from any.
  if (known.length === 0 || known.some(({ account }) => account === '')) return;
  const foreign = await sql.query<{ account: string }[]>(
    `SELECT u.account FROM unnest($1::text[]) AS u (account)
      WHERE u.account <> '' AND account_name(u.account) <> ALL ($2) LIMIT 1`,
    [statements.map(({ account }) => account), known.map(({ account }) => account)],
  );
  if (foreign.length === 0) return;
  const accounts = known.map(({ account }) => account).join(', ');
  throw new UnreadableFile(
    `it is of account ${foreign[0]!.account}, and lane "${lane}" pays from ${accounts}: say which one it is of`,
  );
}

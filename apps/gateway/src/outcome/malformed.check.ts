import { comparableAmount, contentDigest } from '@gpo/g2p-connect-schemas';
import type { Sql } from '@gpo/persistence';
import type { Claim } from './decision.js';

const CURRENCY_TEXT_MAX = 16;

/**
 * Rule B for refused requests: a record of g2p.malformed-input speaks of a disbursement only where its payer, payee,
 * amount and currency are the row's. A producer that repeats a reference with other, refused content must not void
 * the stored disbursement. The digest never changes, so this may be asked before the transaction.
 * @returns the claims that contradict their row.
 */
export async function contradictingClaims(sql: Sql, claims: readonly Claim[]): Promise<Set<Claim>> {
  const malformed = claims.filter(({ kind }) => kind === 'malformed');
  if (malformed.length === 0) return new Set();
  const rows = await sql.query<{ disbursement_id: string; digest: Buffer; payer_fa: string }[]>(
    'SELECT disbursement_id, digest, payer_fa FROM disbursement WHERE disbursement_id = ANY($1)',
    [malformed.map(({ disbursementId }) => disbursementId)],
  );
  const stored = new Map(rows.map((row) => [row.disbursement_id, row]));
  return new Set(
    malformed.filter(({ disbursementId, record }) => {
      const row = stored.get(disbursementId);
      return row !== undefined && !digestOf(record, row.payer_fa).equals(row.digest);
    }),
  );
}

/** The digest as intake makes it; an absent payer is the row's. */
function digestOf(record: Record<string, unknown>, payerOfRow: string): Buffer {
  const currencyCode = text(record.currency_code);
  return contentDigest({
    payerFa: text(record.payer_fa) || payerOfRow,
    payeeFa: text(record.payee_fa),
    amount: comparableAmount(text(record.amount), currencyCode),
    currencyCode: currencyCode.slice(0, CURRENCY_TEXT_MAX),
  });
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

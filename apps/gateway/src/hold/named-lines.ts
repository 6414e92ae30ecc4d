import { disbursementId } from '@gpo/g2p-connect-schemas';
import type { Sql } from '@gpo/persistence';
import type { Tally } from './batch-decision.js';
import { standsOf, type MarkedBatch } from './hold-mark.repository.js';

/** Lines of one transaction: claims, or writers of outcomes, wait for it. */
export const LINES_AT_ONCE = 1000;

/** The ids of the lines with these references, in chunks; references that the batch does not have go to `tally.unknown`. */
export async function namedLines(
  sql: Sql,
  { batch_id, sender_id, transaction_id }: MarkedBatch,
  references: readonly string[],
  tally: Tally,
): Promise<string[][]> {
  const chunks: string[][] = [];
  const distinct = [...new Set(references)];
  for (let from = 0; from < distinct.length; from += LINES_AT_ONCE) {
    const idOf = new Map(
      distinct
        .slice(from, from + LINES_AT_ONCE)
        .map((reference) => [disbursementId(sender_id, transaction_id, reference), reference]),
    );
    const known = new Set(
      (await standsOf(sql, batch_id, [...idOf.keys()]))
        .filter(({ disbursement_id, reference_id }) => idOf.get(disbursement_id) === reference_id)
        .map(({ disbursement_id }) => disbursement_id),
    );
    for (const [id, reference] of idOf) if (!known.has(id)) tally.unknown.push(reference);
    if (known.size > 0) chunks.push([...known]);
  }
  return chunks;
}

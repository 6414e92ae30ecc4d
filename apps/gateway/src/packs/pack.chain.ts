import { HISTORY_JSON, type Head } from '@gpo/audit';
import { utcText } from '@gpo/persistence';

/** Proof that the history of a scope is the one that was written: its rows, the links over them and every later link, and published heads. */

export const HISTORY = `
  SELECT ${HISTORY_JSON} FROM pack_batch p JOIN disbursement d USING (batch_id)
    JOIN LATERAL (SELECT * FROM history h WHERE h.disbursement_id = d.disbursement_id ORDER BY h.history_id OFFSET 0) h ON true`;

const TOUCHED = `
  touched AS MATERIALIZED (
    SELECT DISTINCT h.chain, h.link FROM pack_batch p JOIN disbursement d USING (batch_id) JOIN history h USING (disbursement_id)
     WHERE h.link IS NOT NULL),
  first AS (SELECT chain, min(link) AS link FROM touched GROUP BY chain)`;

/** Each link with the hash of its leaves; with the leaves themselves where a row of the scope is among them. */
export const LINKS = `
  WITH ${TOUCHED}
  SELECT json_build_object('chain', l.chain, 'link', l.link, 'lines', l.lines, 'at', ${utcText('l.at')}, 'hash', encode(l.hash, 'hex'),
           'before', CASE WHEN l.link = f.link THEN coalesce((SELECT encode(b.hash, 'hex') FROM audit_link b WHERE b.chain = l.chain AND b.link = l.link - 1),
                                                             repeat('00', 32)) END,
           'leaves_sha256', encode(sha256(l.leaves), 'hex'),
           'leaves', CASE WHEN EXISTS (SELECT FROM touched t WHERE t.chain = l.chain AND t.link = l.link) THEN encode(l.leaves, 'hex') END)::text
    FROM first f JOIN audit_link l ON l.chain = f.chain AND l.link >= f.link ORDER BY l.chain, l.link`;

/** The last published head of each chain that is not after the last link of the pack. */
export class LastHeads {
  private readonly heads = new Map<number, Head>();

  constructor(private readonly ends: ReadonlyMap<number, number>) {}

  take(some: readonly Head[]): void {
    for (const head of some) {
      const end = this.ends.get(head.chain);
      const last = this.heads.get(head.chain)?.link ?? 0;
      if (end !== undefined && head.link <= end && head.link > last) this.heads.set(head.chain, head);
    }
  }

  all(): Head[] {
    return [...this.heads.values()].sort((one, other) => one.chain - other.chain);
  }
}

/** The last link of each chain, in the snapshot. */
export const ENDS = 'SELECT chain, max(link)::text AS link FROM audit_link GROUP BY chain';

import { randomUUID } from 'node:crypto';
import { batchId, disbursementId } from '@gpo/g2p-connect-schemas';
import type { ClaimVerdict } from '../../connectors/src/connect/claim.repository.js';
import { takeQueued } from '../../connectors/src/connect/attempt.repository.js';
import type { BatchDecision, Tally } from '../src/hold/batch-decision.js';
import type { Cancelled } from '../src/hold/batch-cancel.service.js';
import { findBatch } from '../src/hold/hold-mark.repository.js';
import { HoldRig, claimRequest, sender, type RawLine } from './hold-rig-spec.js';
import { DISAGREEING_BOOKS } from './books-rig-spec.js';

export const SENDER = sender('programme');
export const OPERATOR = { kind: 'operator', actor: 'operator' } as const;
const REASON = 'the district office asked for it';

export interface StoredLine {
  id: string;
  raw: RawLine;
  transactionId: string;
}

/** A stored batch and what people and lanes do to it. */
export class StoredBatch {
  readonly id: string;

  private constructor(
    private readonly rig: HoldRig,
    readonly transactionId: string,
    readonly lines: StoredLine[],
  ) {
    this.id = batchId(SENDER.id, transactionId);
  }

  static async of(rig: HoldRig, count: number, own: Partial<RawLine> = {}): Promise<StoredBatch> {
    const batch = new StoredBatch(rig, randomUUID(), []);
    await batch.add(count, own);
    return batch;
  }

  /** Further lines of the same transaction. */
  async add(count: number, own: Partial<RawLine> = {}): Promise<void> {
    const first = this.lines.length;
    const raws = Array.from({ length: count }, (_, index) => ({
      reference_id: `r${first + index}`,
      payee_fa: `account_no:${first + index}@BANK`,
      amount: '250000.00',
      currency_code: 'KES',
      ...own,
    }));
    await this.rig.accept(SENDER, this.transactionId, raws);
    for (const raw of raws) {
      const id = disbursementId(SENDER.id, this.transactionId, raw.reference_id);
      this.lines.push({ id, raw, transactionId: this.transactionId });
    }
  }

  async hold(own: Partial<BatchDecision> = {}): Promise<Tally> {
    return this.rig.batchHolds.hold(...(await this.decision(own)));
  }

  async release(own: Partial<BatchDecision> = {}): Promise<Tally> {
    return this.rig.batchHolds.release(...(await this.decision(own)));
  }

  async cancel(own: Partial<BatchDecision> = {}): Promise<Cancelled> {
    return this.rig.batchCancels.cancel(...(await this.decision(own)));
  }

  private async decision(
    own: Partial<BatchDecision>,
  ): Promise<[BatchDecision, NonNullable<Awaited<ReturnType<typeof findBatch>>>]> {
    const stored = await findBatch(this.rig.dataSource, this.id, SENDER.id);
    const by = { kind: 'sender', actor: 'sender programme' } as const;
    return [{ batchId: this.id, ...by, reason: REASON, after: 0, ...own }, stored!];
  }

  /** What connect makes of the routed records of these lines. */
  async claim(lines: readonly StoredLine[] = this.lines): Promise<ClaimVerdict[]> {
    const requests = lines.map(({ id, raw, transactionId }) =>
      claimRequest(SENDER.id, transactionId, id, raw),
    );
    const verdicts = await this.rig.claims.claim(requests);
    return requests.map((request) => verdicts.get(request)!);
  }

  /** How many lines stand so: `state/attempt state`. */
  async stands(): Promise<Record<string, number>> {
    const rows = await this.rig.rows<{ kind: string; n: number }>(
      `SELECT d.state || '/' || coalesce(a.state, 'none') AS kind, count(*)::int AS n
         FROM disbursement d LEFT JOIN attempt a USING (disbursement_id) WHERE d.batch_id = $1 GROUP BY 1 ORDER BY 1`,
      [this.id],
    );
    return Object.fromEntries(rows.map(({ kind, n }) => [kind, n]));
  }

  /** Lines that dispatch would publish now, by line number. */
  async published(): Promise<number[]> {
    const rows = await this.rig.rows<{ line_no: number }>(
      `SELECT DISTINCT d.line_no FROM dispatch_range r JOIN batch b USING (batch_id)
         JOIN disbursement d ON d.batch_id = r.batch_id AND d.line_no BETWEEN r.first_line AND r.last_line
                            AND d.due_at = r.due_at
        WHERE b.batch_id = $1 AND r.published_at IS NULL AND (r.released OR b.hold_mark IS NULL) AND r.due_at <= now()
          AND d.state = 'received' AND coalesce(d.hold_mark, b.hold_mark, 'released') = 'released' ORDER BY 1`,
      [this.id],
    );
    return rows.map(({ line_no }) => line_no);
  }

  /** As if dispatch had published every range: the records are on their way. */
  async dispatched(): Promise<void> {
    await this.rig.rows('UPDATE dispatch_range SET published_at = now() WHERE batch_id = $1', [this.id]);
  }

  async decisions(): Promise<{ action: string; actor: string; reason: string; lines: number | null }[]> {
    return this.rig.rows(
      `SELECT action, actor, reason, cardinality(disbursement_ids) AS lines FROM batch_decision
        WHERE batch_id = $1 ORDER BY decision_id`,
      [this.id],
    );
  }
}

/** A lane worker that pays what it takes, until told to stop. */
export async function payUntil(rig: HoldRig, isOver: () => boolean): Promise<void> {
  const options = { lane: 'core-banking', limit: 3, leaseMs: 60_000, leaseMarginMs: 0, dedupeWindowMs: null };
  for (let idle = false; !(idle && isOver());) {
    idle = isOver();
    const taken = await takeQueued(rig.dataSource, options);
    if (taken.length > 0) idle = false;
    // The money is out now; the rail's answer comes a moment later.
    await new Promise((resolve) => setTimeout(resolve, 2));
    await rig.rows(
      `UPDATE attempt SET state = 'settled' WHERE disbursement_id = ANY($1) AND state = 'sending'`,
      [taken.map(({ disbursementId: id }) => id)],
    );
  }
}

/** Rows and counters say the same, per state and in sum (rule M). */
export async function booksThatDisagree(rig: HoldRig): Promise<unknown[]> {
  return rig.rows(DISAGREEING_BOOKS);
}

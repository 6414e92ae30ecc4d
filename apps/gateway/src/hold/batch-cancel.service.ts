import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { inTransaction } from '@gpo/persistence';
import { OutcomeService } from '../outcome/outcome.service.js';
import { Tally, type BatchDecision } from './batch-decision.js';
import { BatchHoldService } from './batch-hold.service.js';
import {
  lockBatch,
  markBatch,
  standsAfter,
  standsOf,
  writeDecision,
  type LineStand,
  type MarkedBatch,
} from './hold-mark.repository.js';
import { LINES_AT_ONCE, namedLines } from './named-lines.js';

/** How long one request works; the caller goes on with `next`. */
const REQUEST_MS = 10_000;

/** What a cancel did, and where the next one goes on; null = every line was looked at. */
export interface Cancelled {
  tally: Tally;
  next: number | null;
}

/**
 * Ends lines unpaid, in chunks that outcome writers hardly notice. Rule C decides each: attempt 1 is the arbiter, so a
 * line is paid or cancelled, never both.
 */
@Injectable()
export class BatchCancelService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly outcomes: OutcomeService,
    private readonly holds: BatchHoldService,
  ) {}

  /** Done again it cancels nothing twice: those lines are counted as `already`. */
  async cancel(decision: BatchDecision, batch: MarkedBatch): Promise<Cancelled> {
    return decision.references === undefined
      ? this.cancelBatch(decision)
      : { tally: await this.cancelLines(decision, batch), next: null };
  }

  private async cancelLines(decision: BatchDecision, batch: MarkedBatch): Promise<Tally> {
    const tally = new Tally();
    for (const ids of await namedLines(this.dataSource, batch, decision.references!, tally))
      await this.cancelThese(decision, tally, await standsOf(this.dataSource, batch.batch_id, ids));
    return tally;
  }

  /** The batch is held first, so that no lane claims its lines while the cancel comes to them. */
  private async cancelBatch(decision: BatchDecision): Promise<Cancelled> {
    const { batchId } = decision;
    const until = performance.now() + REQUEST_MS;
    const tally = new Tally();
    let { after } = decision;
    if (after === 0) await this.beginCancelling(decision);
    for (;;) {
      const stands = await standsAfter(this.dataSource, batchId, after, LINES_AT_ONCE);
      const last = stands.at(-1);
      if (last === undefined) break;
      await this.cancelThese(decision, tally, stands);
      after = last.line_no;
      if (performance.now() > until) return { tally, next: after };
    }
    await this.holds.endCancelling(batchId);
    return { tally, next: null };
  }

  private beginCancelling(decision: BatchDecision): Promise<void> {
    const { batchId, kind } = decision;
    return inTransaction(this.dataSource, async (sql) => {
      const { hold_mark } = await lockBatch(sql, batchId);
      const open = await sql.query<unknown[]>(
        `SELECT FROM disbursement WHERE batch_id = $1 AND state IN ('received', 'on_hold') LIMIT 1`,
        [batchId],
      );
      if (open.length === 0) return;
      if (hold_mark === null) await markBatch(sql, batchId, kind, true);
      await writeDecision(sql, { ...decision, action: 'cancel', ids: null });
    });
  }

  private async cancelThese(
    { batchId, actor, reason }: BatchDecision,
    tally: Tally,
    stands: readonly LineStand[],
  ): Promise<void> {
    const open = stands.filter(({ state }) => state === 'received' || state === 'on_hold');
    const done = new Set(
      await this.outcomes.actAll(
        open.map(({ disbursement_id }) => ({
          kind: 'cancel',
          disbursementId: disbursement_id,
          attemptNo: 1,
          operator: { id: actor, reason },
          record: {},
        })),
      ),
    );
    tally.done += done.size;
    tally.already += stands.filter(({ state }) => state === 'cancelled').length;
    const late = stands.filter(
      ({ disbursement_id, state }) => state !== 'cancelled' && !done.has(disbursement_id),
    );
    if (late.length === 0) return;
    // As they are now: what won the race says more than what was read before it.
    const ids = late.map(({ disbursement_id }) => disbursement_id);
    for (const stand of await standsOf(this.dataSource, batchId, ids)) {
      if (stand.state === 'cancelled') tally.already += 1;
      else tally.late(stand);
    }
  }
}

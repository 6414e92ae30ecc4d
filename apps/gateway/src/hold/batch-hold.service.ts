import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { inTransaction, lockClaimsOut, type Sql } from '@gpo/persistence';
import { DispatchPublisher } from '../dispatch/dispatch.publisher.js';
import { NAMED_MAX, Tally, type BatchDecision } from './batch-decision.js';
import {
  countStands,
  isHeld,
  isUnclaimed,
  linesMarked,
  lockBatch,
  markBatch,
  markLines,
  standsOf,
  tooLateLines,
  unmarkBatch,
  writeDecision,
  type HolderKind,
  type LineStand,
  type MarkedBatch,
} from './hold-mark.repository.js';
import { LINES_AT_ONCE, namedLines } from './named-lines.js';
import { prepareWindow, publishLinesAgain, publishRoutedAgain } from './released-range.repository.js';
import { ReleasePublisher } from './release.publisher.js';

const WINDOW = 10_000;

/** Marks of single lines that a decision about the whole batch ends: what an operator holds only an operator releases. */
const MARKS_UNDER: Readonly<Record<HolderKind, readonly string[]>> = {
  operator: ['sender', 'operator', 'released'],
  sender: ['sender', 'released'],
};

/**
 * Holds by people and their release. A hold is a mark that every claim reads (HELD), not a state: it says when a lane may
 * claim a line, as the schedule does, and nothing about its outcome.
 */
@Injectable()
export class BatchHoldService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly dispatch: DispatchPublisher,
    private readonly publisher: ReleasePublisher,
  ) {}

  /** From the commit on no lane claims the lines; those that a lane claimed before are counted as too late. */
  async hold(decision: BatchDecision, batch: MarkedBatch): Promise<Tally> {
    return decision.references === undefined
      ? this.holdBatch(decision)
      : this.byReference(decision, batch, (sql, tally, stands) =>
          this.holdLines(sql, decision, tally, stands),
        );
  }

  /** The lines go on at once, or at their schedule. A sender does not release what an operator holds. */
  async release(decision: BatchDecision, batch: MarkedBatch): Promise<Tally> {
    const tally =
      decision.references === undefined
        ? await this.releaseBatch(decision)
        : await this.byReference(decision, batch, (sql, found, stands) =>
            this.releaseLines(sql, decision, found, stands),
          );
    this.wake();
    return tally;
  }

  /** Ends a hold that a cancel made for itself; what arrived meanwhile goes on. */
  async endCancelling(batchId: string): Promise<void> {
    await this.prepareRelease(batchId);
    await inTransaction(this.dataSource, async (sql) => {
      await lockBatch(sql, batchId);
      await unmarkBatch(sql, batchId, true);
      await publishRoutedAgain(sql, batchId);
    });
    this.wake();
  }

  private wake(): void {
    this.dispatch.wake();
    this.publisher.wake();
  }

  private async holdBatch(decision: BatchDecision): Promise<Tally> {
    const { batchId, kind } = decision;
    const before = await inTransaction(this.dataSource, async (sql) => {
      const batch = await lockBatch(sql, batchId);
      await lockClaimsOut(sql);
      const marked = await countStands(sql, batchId, 'marked');
      const mark: HolderKind = batch.hold_mark === 'operator' ? 'operator' : kind;
      const changes = batch.hold_mark !== mark || marked.free > 0;
      await markBatch(sql, batchId, mark, false);
      if (changes) await writeDecision(sql, { ...decision, action: 'hold', ids: null });
      return { wasHeld: batch.hold_mark !== null, ...marked };
    });
    // Every line is held now but those that were released by themselves; their own marks go chunk by chunk.
    await this.eachMarked(batchId, MARKS_UNDER[kind], async (sql, ids) => {
      await lockClaimsOut(sql);
      await markLines(sql, ids, null);
    });
    const now = await countStands(this.dataSource, batchId, 'all');
    const tally = new Tally();
    tally.already = before.wasHeld ? Math.max(0, now.held - before.free) : Math.min(now.held, before.held);
    tally.done = now.held - tally.already;
    tally.tooLate = now.tooLate;
    for (const { reference_id, state, attempt_state } of await tooLateLines(
      this.dataSource,
      batchId,
      NAMED_MAX,
    ))
      tally.tooLateLines.push({ reference_id, state, attempt_state });
    return tally;
  }

  private async holdLines(
    sql: Sql,
    decision: BatchDecision,
    tally: Tally,
    ids: readonly string[],
  ): Promise<void> {
    await lockBatch(sql, decision.batchId);
    await lockClaimsOut(sql);
    const stands = await standsOf(sql, decision.batchId, ids);
    const fresh: LineStand[] = [];
    const stronger: LineStand[] = [];
    for (const stand of stands) {
      if (!isUnclaimed(stand)) tally.late(stand);
      else if (!isHeld(stand)) fresh.push(stand);
      else {
        tally.already += 1;
        if (decision.kind === 'operator' && stand.mark === 'sender') stronger.push(stand);
      }
    }
    tally.done += fresh.length;
    const marked = [...fresh, ...stronger].map(({ disbursement_id }) => disbursement_id);
    if (marked.length === 0) return;
    await markLines(sql, marked, decision.kind);
    await writeDecision(sql, { ...decision, action: 'hold', ids: marked });
  }

  private async releaseBatch(decision: BatchDecision): Promise<Tally> {
    const { batchId, kind } = decision;
    const before = await countStands(this.dataSource, batchId, 'all');
    await this.prepareRelease(batchId);
    const released = await inTransaction(this.dataSource, async (sql) => {
      const batch = await lockBatch(sql, batchId);
      if (batch.hold_mark === 'operator' && kind === 'sender') return false;
      await unmarkBatch(sql, batchId, false);
      await publishRoutedAgain(sql, batchId);
      const marked = await countStands(sql, batchId, 'marked');
      if (batch.hold_mark !== null || marked.held > (kind === 'sender' ? marked.byOperator : 0))
        await writeDecision(sql, { ...decision, action: 'release', ids: null });
      return true;
    });
    if (released)
      await this.eachMarked(batchId, MARKS_UNDER[kind], async (sql, ids) => {
        await markLines(sql, ids, null);
        await publishLinesAgain(sql, ids);
      });
    const tally = new Tally();
    const after = await countStands(this.dataSource, batchId, 'marked');
    tally.kept = released ? after.held : before.held;
    tally.done = Math.max(0, before.held - tally.kept);
    tally.already = before.free;
    tally.tooLate = before.tooLate;
    return tally;
  }

  /** Ranges for what was dropped while the batch was held. Before the mark goes, so that a crash in between loses none. */
  private async prepareRelease(batchId: string): Promise<void> {
    const batch = await inTransaction(this.dataSource, (sql) => lockBatch(sql, batchId));
    if (batch.hold_mark === null) return;
    for (let from = 1; from <= batch.total_count; from += WINDOW)
      await inTransaction(this.dataSource, (sql) => prepareWindow(sql, batchId, from, from + WINDOW - 1));
  }

  private async releaseLines(
    sql: Sql,
    decision: BatchDecision,
    tally: Tally,
    ids: readonly string[],
  ): Promise<void> {
    const batch = await lockBatch(sql, decision.batchId);
    const released: string[] = [];
    for (const stand of await standsOf(sql, decision.batchId, ids)) {
      if (!isUnclaimed(stand)) tally.late(stand);
      else if (!isHeld(stand)) tally.already += 1;
      else if (stand.mark === 'operator' && decision.kind === 'sender') tally.kept += 1;
      else released.push(stand.disbursement_id);
    }
    tally.done += released.length;
    if (released.length === 0) return;
    await markLines(sql, released, batch.hold_mark === null ? null : 'released');
    await publishLinesAgain(sql, released);
    await writeDecision(sql, { ...decision, action: 'release', ids: released });
  }

  /** Named lines in chunks, each in a transaction of its own. */
  private async byReference(
    decision: BatchDecision,
    batch: MarkedBatch,
    work: (sql: Sql, tally: Tally, ids: readonly string[]) => Promise<void>,
  ): Promise<Tally> {
    const tally = new Tally();
    for (const ids of await namedLines(this.dataSource, batch, decision.references!, tally)) {
      await inTransaction(this.dataSource, (sql) => work(sql, tally, ids));
    }
    return tally;
  }

  private async eachMarked(
    batchId: string,
    marks: readonly string[],
    work: (sql: Sql, ids: readonly string[]) => Promise<void>,
  ): Promise<void> {
    for (let more = true; more;) {
      more = await inTransaction(this.dataSource, async (sql) => {
        await lockBatch(sql, batchId);
        const lines = await linesMarked(sql, batchId, marks, LINES_AT_ONCE);
        if (lines.length === 0) return false;
        await work(
          sql,
          lines.map(({ disbursement_id }) => disbursement_id),
        );
        return true;
      });
    }
  }
}

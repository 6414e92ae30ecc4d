import { createHash, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { batchId as batchIdOf } from '@gpo/g2p-connect-schemas';
import { inTransaction, type Sql } from '@gpo/persistence';
import { CallbackQueue } from '../callback/callback.queue.js';
import { DispatchPublisher } from '../dispatch/dispatch.publisher.js';
import { CrashPoints } from '../health/crash-points.js';
import { GatewayMetrics } from '../health/gateway.metrics.js';
import { moveCounters, type CounterMove } from '../outcome/counters.repository.js';
import type { Sender } from '../senders/sender.js';
import { voidFirstAttempts } from '../outcome/outcome.repository.js';
import { SenderRegistry } from '../senders/sender-registry.js';
import {
  growBatch,
  insertLines,
  insertRanges,
  isSameContent,
  openBatch,
  storedContents,
  type NewLine,
} from './batch.repository.js';
import { insertRefusedLines, unknownRefused, type NewRefusedLine } from './refused-line.repository.js';
import { flagDuplicatePayees } from './duplicate-payee.js';

/** A message's lines, read and checked, in the order they came. */
export interface Submission {
  transactionId: string;
  messageId: string;
  callbackUrl: string | null;
  channel: 'rest' | 'kafka';
  lines: readonly NewLine[];
  refused: readonly NewRefusedLine[];
}

/** What became of a submission. Given only after the commit. */
export interface Acceptance {
  batchId: string;
  correlationId: string;
  /** Lines whose reference exists with other content: refused in this answer only, the stored ones are untouched. */
  conflicting: readonly NewLine[];
  /** Lines that this submission added. */
  added: readonly NewLine[];
  /** How many of them were flagged as a duplicate payee. */
  duplicatePayees: number;
}

/**
 * Stores batch, lines and dispatch ranges in one transaction (rule B: the first writer fixes the digest). The same
 * content again gets the same correlation id and adds nothing; new lines of a known transaction are added.
 */
@Injectable()
export class IntakeService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly dispatch: DispatchPublisher,
    private readonly callbacks: CallbackQueue,
    private readonly metrics: GatewayMetrics,
    private readonly crashPoints: CrashPoints,
    private readonly senders: SenderRegistry,
  ) {}

  async accept(sender: Sender, submission: Submission): Promise<Acceptance> {
    const started = performance.now();
    const acceptance = await inTransaction(this.dataSource, async (sql) => {
      const stored = await this.store(sql, sender, submission);
      this.crashPoints.reached('intake.before-commit');
      return stored;
    });
    this.crashPoints.reached('intake.after-commit');
    this.metrics.accepted(sender.id, acceptance.added.length, (performance.now() - started) / 1000);
    if (acceptance.duplicatePayees > 0) this.metrics.duplicatePayee(sender.id, acceptance.duplicatePayees);
    this.dispatch.wake();
    this.callbacks.wake();
    return acceptance;
  }

  private async store(sql: Sql, sender: Sender, submission: Submission): Promise<Acceptance> {
    const batchId = batchIdOf(sender.id, submission.transactionId);
    const contentDigest = digestOf(submission);
    const { stored, isNew } = await openBatch(sql, {
      batchId,
      senderId: sender.id,
      transactionId: submission.transactionId,
      correlationId: randomUUID(),
      messageId: submission.messageId,
      contentDigest,
      channel: submission.channel,
      callbackUrl: submission.callbackUrl,
    });
    const answer = {
      batchId,
      correlationId: stored.correlation_id,
      conflicting: [],
      added: [],
      duplicatePayees: 0,
    };
    if (isNew) {
      const duplicatePayees = await this.add(
        sql,
        sender,
        batchId,
        0,
        submission,
        stored.callback_url !== null,
      );
      return { ...answer, added: submission.lines, duplicatePayees };
    }
    if (contentDigest.equals(stored.content_digest)) return answer;
    const { fresh, conflicting } = await compare(sql, submission.lines);
    const refused = await unknownRefused(sql, batchId, submission.refused);
    if (fresh.length + refused.length === 0) return { ...answer, conflicting };
    const added = { ...submission, ...numbered(stored.total_count, fresh, refused) };
    const told = stored.callback_url !== null;
    const duplicatePayees = await this.add(sql, sender, batchId, stored.total_count, added, told);
    return { ...answer, conflicting, added: added.lines, duplicatePayees };
  }

  /** @returns how many lines were flagged as a duplicate payee. */
  private async add(
    sql: Sql,
    sender: Sender,
    batchId: string,
    before: number,
    part: Submission,
    told: boolean,
  ): Promise<number> {
    const { lines, refused, channel } = part;
    const count = lines.length + refused.length;
    if (count === 0) return 0;
    await insertLines(sql, batchId, lines);
    // A direct record is on its way already: attempt 1 is void before any rule can let it pass.
    const bad = channel === 'kafka' ? lines.filter(({ violations }) => violations.length > 0) : [];
    if (bad.length > 0)
      await voidFirstAttempts(
        sql,
        bad.map(({ disbursementId }) => disbursementId),
      );
    const stored = { senderId: sender.id, batchId, firstLine: before + 1, lastLine: before + count };
    const { duplicate_payee: window } = sender;
    const flagged = await flagDuplicatePayees(sql, stored, window, this.senders.comparesAllPayees);
    const unrouted = lines.filter(({ routed }) => routed !== true).map(({ lineNo }) => lineNo);
    const range = { first: before + 1, last: before + count };
    await insertRanges(sql, batchId, range, channel === 'kafka' ? unrouted : undefined);
    if (refused.length > 0) {
      await insertRefusedLines(sql, batchId, refused);
      if (told)
        await this.callbacks.addRefused(
          sql,
          batchId,
          refused.map(({ lineNo }) => lineNo),
        );
    }
    await growBatch(sql, batchId, count, channel);
    await moveCounters(sql, 0, [
      ...lines.map((line) => received(batchId, line)),
      ...refused.map(() => refusedMove(batchId)),
    ]);
    return flagged;
  }
}

/** Lines that are added to a stored batch go on with its line numbers. */
function numbered(
  before: number,
  lines: readonly NewLine[],
  refused: readonly NewRefusedLine[],
): Pick<Submission, 'lines' | 'refused'> {
  return {
    lines: lines.map((line, index) => ({ ...line, lineNo: before + 1 + index })),
    refused: refused.map((line, index) => ({ ...line, lineNo: before + lines.length + 1 + index })),
  };
}

/** Which lines are new, and which exist with other content. */
async function compare(
  sql: Sql,
  lines: readonly NewLine[],
): Promise<{ fresh: NewLine[]; conflicting: NewLine[] }> {
  const contents = await storedContents(
    sql,
    lines.map(({ disbursementId }) => disbursementId),
  );
  const fresh = lines.filter(({ disbursementId }) => !contents.has(disbursementId));
  const conflicting = lines.filter((line) => {
    const stored = contents.get(line.disbursementId);
    return stored !== undefined && !isSameContent(line, stored);
  });
  return { fresh, conflicting };
}

/** Tells a repeated message from one with other lines; only money fields and references count. */
function digestOf({ lines, refused }: Submission): Buffer {
  const hash = createHash('sha256');
  for (const { lineNo, referenceId, digest } of lines)
    hash.update(`${lineNo}:${referenceId.length}:${referenceId}`).update(digest);
  for (const { lineNo, line } of refused) hash.update(`${lineNo}!${JSON.stringify(line)}`);
  return hash.digest();
}

function received(batchId: string, line: NewLine): CounterMove {
  return {
    batchId,
    state: 'received',
    currencyCode: line.currencyCode,
    lines: 1,
    amountMinor: line.amountMinor ?? 0n,
  };
}

function refusedMove(batchId: string): CounterMove {
  return { batchId, state: 'malformed', currencyCode: '', lines: 1, amountMinor: 0n };
}

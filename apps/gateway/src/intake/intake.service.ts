import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { batchId as batchIdOf } from '@gpo/g2p-connect-schemas';
import { inTransaction, type Sql } from '@gpo/persistence';
import { CallbackQueue } from '../callback/callback.queue.js';
import { DispatchPublisher } from '../dispatch/dispatch.publisher.js';
import { GatewayConfig } from '../gateway.config.js';
import { CrashPoints } from '../health/crash-points.js';
import { GatewayMetrics } from '../health/gateway.metrics.js';
import { moveCounters, type CounterMove } from '../outcome/counters.repository.js';
import type { Sender } from '../senders/sender.js';
import { voidFirstAttempts } from '../outcome/outcome.repository.js';
import { admitRequest, chargeQuota } from '../senders/quota.repository.js';
import { SenderRegistry } from '../senders/sender-registry.js';
import {
  growBatch,
  insertLines,
  insertRanges,
  isSameContent,
  openBatch,
  storedContents,
  type NewLine,
  type StoredBatch,
} from './batch.repository.js';
import { claimMessageId, refuseConflicts } from './message-refusals.js';
import { insertRefusedLines, unknownRefused } from './refused-line.repository.js';
import { digestOf, numbered, type Acceptance, type Submission } from './submission.js';
import { flagDuplicatePayees } from './duplicate-payee.js';

export type { Acceptance, Submission } from './submission.js';

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
    private readonly config: GatewayConfig,
  ) {}

  /**
   * @throws ApiError rjct.message_id.duplicate where a strict sender used the message id for something else;
   * err.request.too_many_requests where it is over its quota.
   */
  async accept(sender: Sender, submission: Submission): Promise<Acceptance> {
    const contentDigest = await digestOf(submission);
    const { transactionId, lines } = submission;
    return this.commit(sender, { ...submission, transactionId, count: lines.length }, (sql) =>
      this.store(sql, sender, submission, contentDigest),
    );
  }

  /**
   * Runs one intake transaction under the sender's quota, and what follows from its commit.
   * @throws ApiError err.request.too_many_requests
   */
  async commit(
    sender: Sender,
    message: { channel: 'rest' | 'kafka'; transactionId: string; count: number },
    store: (sql: Sql) => Promise<Acceptance>,
  ): Promise<Acceptance> {
    const started = performance.now();
    const batchId = batchIdOf(sender.id, message.transactionId);
    const counts = message.channel === 'rest';
    const acceptance = await inTransaction(this.dataSource, async (sql) => {
      if (counts) await admitRequest(sql, sender, batchId, message.count);
      const stored = await store(sql);
      if (counts) await chargeQuota(sql, sender, stored.added);
      this.crashPoints.reached('intake.before-commit');
      return stored;
    });
    this.crashPoints.reached('intake.after-commit');
    this.metrics.accepted(sender.id, acceptance.added, (performance.now() - started) / 1000);
    if (acceptance.duplicatePayees > 0) this.metrics.duplicatePayee(sender.id, acceptance.duplicatePayees);
    this.dispatch.wake();
    this.callbacks.wake();
    return acceptance;
  }

  /** Stores a whole message in the caller's transaction. */
  async store(sql: Sql, sender: Sender, submission: Submission, contentDigest: Buffer): Promise<Acceptance> {
    const batchId = batchIdOf(sender.id, submission.transactionId);
    const { messageKey } = submission;
    if (messageKey !== undefined)
      await claimMessageId(sql, { senderId: sender.id, messageId: messageKey, batchId, contentDigest });
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
      conflictsTold: false,
      added: 0,
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
      return { ...answer, added: submission.lines.length, duplicatePayees };
    }
    if (contentDigest.equals(stored.content_digest)) return answer;
    const { fresh, conflicting } = await compare(sql, submission.lines);
    const refused = await unknownRefused(sql, batchId, submission.refused);
    const conflictsTold = await this.refuse(sql, sender, submission, stored, contentDigest, conflicting);
    if (fresh.length + refused.length === 0) return { ...answer, conflicting, conflictsTold };
    const added = { ...submission, ...numbered(stored.total_count, fresh, refused) };
    const told = stored.callback_url !== null;
    const duplicatePayees = await this.add(sql, sender, batchId, stored.total_count, added, told);
    return { ...answer, conflicting, conflictsTold, added: added.lines.length, duplicatePayees };
  }

  /** Rule B: a line that differs from the stored one is a refused line of its message only. */
  private async refuse(
    sql: Sql,
    sender: Sender,
    submission: Submission,
    stored: StoredBatch,
    contentDigest: Buffer,
    conflicting: readonly NewLine[],
  ): Promise<boolean> {
    if (submission.conflictsToCallback !== true) return false;
    const { transactionId, messageId, lines, refused, callbackUrl } = submission;
    const message = {
      batchId: stored.batch_id,
      senderId: sender.id,
      transactionId,
      correlationId: stored.correlation_id,
      messageId,
      contentDigest,
      callbackUrl: callbackUrl ?? stored.callback_url,
      lines: lines.length + refused.length,
    };
    const { gatewayId, callbackChunkItems: chunkItems } = this.config;
    return refuseConflicts(sql, message, conflicting, { gatewayId, chunkItems });
  }

  /**
   * Adds numbered lines to a batch whose row the caller's transaction holds.
   * @param before lines that the batch has already.
   * @param told the batch has an address to which refused lines are told.
   * @returns how many lines were flagged as a duplicate payee.
   */
  async add(
    sql: Sql,
    sender: Sender,
    batchId: string,
    before: number,
    part: Pick<Submission, 'lines' | 'refused' | 'channel'>,
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
    const unrouted = (): number[] =>
      lines.filter(({ routed }) => routed !== true).map(({ lineNo }) => lineNo);
    const range = { first: before + 1, last: before + count };
    await insertRanges(sql, batchId, range, channel === 'kafka' ? unrouted() : undefined);
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
    await moveCounters(sql, 0, received(batchId, lines, refused.length));
    return flagged;
  }
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

/** One move per currency, however many lines there are. */
function received(batchId: string, lines: readonly NewLine[], refused: number): CounterMove[] {
  const moves = new Map<string, CounterMove>();
  for (const { currencyCode, amountMinor } of lines) {
    const move = moves.get(currencyCode) ?? {
      batchId,
      state: 'received',
      currencyCode,
      lines: 0,
      amountMinor: 0n,
    };
    move.lines += 1;
    move.amountMinor += amountMinor ?? 0n;
    moves.set(currencyCode, move);
  }
  const malformed = { batchId, state: 'malformed', currencyCode: '', lines: refused, amountMinor: 0n };
  return refused > 0 ? [...moves.values(), malformed] : [...moves.values()];
}

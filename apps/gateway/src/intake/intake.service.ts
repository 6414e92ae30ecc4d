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
import type { Sender } from '../senders/sender.js';
import { admitRequest, chargeQuota } from '../senders/quota.repository.js';
import { SenderRegistry } from '../senders/sender-registry.js';
import {
  isSameContent,
  openBatch,
  storedContents,
  type NewLine,
  type StoredBatch,
} from './batch.repository.js';
import { LineWriter, type Stored } from './line.writer.js';
import { claimMessageId, refuseConflicts } from './message-refusals.js';
import { unknownRefused } from './refused-line.repository.js';
import { digestOf, numbered, type Acceptance, type LinePart, type Submission } from './submission.js';

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
      const { added, duplicatePayees } = await this.add(
        sql,
        sender,
        { batchId, before: 0, told: stored.callback_url !== null },
        [submission],
        submission.channel,
      );
      return { ...answer, added, duplicatePayees };
    }
    if (contentDigest.equals(stored.content_digest)) return answer;
    const { fresh, conflicting } = await compare(sql, submission.lines);
    const refused = await unknownRefused(sql, batchId, submission.refused);
    const conflictsTold = await this.refuse(sql, sender, submission, stored, contentDigest, conflicting);
    if (fresh.length + refused.length === 0) return { ...answer, conflicting, conflictsTold };
    const batch = { batchId, before: stored.total_count, told: stored.callback_url !== null };
    const part = numbered(batch.before, fresh, refused);
    const { added, duplicatePayees } = await this.add(sql, sender, batch, [part], submission.channel);
    return { ...answer, conflicting, conflictsTold, added, duplicatePayees };
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
   * @param batch how many lines it has already, and whether it has an address to which refused ones are told.
   */
  async add(
    sql: Sql,
    sender: Sender,
    { batchId, before, told }: { batchId: string; before: number; told: boolean },
    slices: Iterable<LinePart> | AsyncIterable<LinePart>,
    channel: 'rest' | 'kafka' = 'rest',
  ): Promise<Stored> {
    const tellRefused = (lineNos: readonly number[]): Promise<void> =>
      this.callbacks.addRefused(sql, batchId, lineNos);
    const { comparesAllPayees } = this.senders;
    const target = { sender, batchId, before, channel, comparesAllPayees };
    return new LineWriter(sql, { ...target, tellRefused: told ? tellRefused : undefined }).writeAll(slices);
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

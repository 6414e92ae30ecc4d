import { createHash, randomUUID } from 'node:crypto';
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
import {
  growBatch,
  insertLines,
  insertRanges,
  insertRefusedLines,
  openBatch,
  storedDigests,
  unknownRefused,
  type NewLine,
  type NewRefusedLine,
  type StoredBatch,
} from './batch.repository.js';
import { claimMessageId, refuseConflicts } from './message-refusals.js';

/** A message's lines, read and checked, in the order they came. */
export interface Submission {
  transactionId: string;
  messageId: string;
  /** The message id where it is a key (D13). */
  messageKey?: string;
  /** Conflicting lines are told in a callback of their own, because the answer says nothing of lines. */
  conflictsToCallback?: boolean;
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
  /** A callback tells the conflicting lines. */
  conflictsTold: boolean;
  /** Lines that this submission added. */
  added: readonly NewLine[];
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
    private readonly config: GatewayConfig,
  ) {}

  /** @throws ApiError rjct.message_id.duplicate where a strict sender used the message id for something else. */
  async accept(sender: Sender, submission: Submission): Promise<Acceptance> {
    const started = performance.now();
    const acceptance = await inTransaction(this.dataSource, async (sql) => {
      const stored = await this.store(sql, sender, submission);
      this.crashPoints.reached('intake.before-commit');
      return stored;
    });
    this.crashPoints.reached('intake.after-commit');
    this.metrics.accepted(sender.id, acceptance.added.length, (performance.now() - started) / 1000);
    this.dispatch.wake();
    this.callbacks.wake();
    return acceptance;
  }

  private async store(sql: Sql, sender: Sender, submission: Submission): Promise<Acceptance> {
    const batchId = batchIdOf(sender.id, submission.transactionId);
    const { transactionId, messageId, messageKey } = submission;
    const contentDigest = digestOf(submission);
    if (messageKey !== undefined)
      await claimMessageId(sql, { senderId: sender.id, messageId: messageKey, batchId, contentDigest });
    const { stored, isNew } = await openBatch(sql, {
      batchId,
      senderId: sender.id,
      transactionId,
      correlationId: randomUUID(),
      messageId,
      contentDigest,
      channel: submission.channel,
      callbackUrl: submission.callbackUrl,
    });
    const correlationId = stored.correlation_id;
    const answer = { batchId, correlationId, conflicting: [], conflictsTold: false, added: [] };
    if (isNew) {
      await this.add(sql, batchId, 0, submission, stored.callback_url !== null);
      return { ...answer, added: submission.lines };
    }
    if (contentDigest.equals(stored.content_digest)) return answer;
    const { fresh, conflicting } = await compare(sql, submission.lines);
    const refused = await unknownRefused(sql, batchId, submission.refused);
    const added = { ...submission, ...numbered(stored.total_count, fresh, refused) };
    await this.add(sql, batchId, stored.total_count, added, stored.callback_url !== null);
    const conflictsTold = await this.refuse(sql, sender, submission, stored, contentDigest, conflicting);
    return { ...answer, conflicting, conflictsTold, added: added.lines };
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

  private async add(
    sql: Sql,
    batchId: string,
    before: number,
    part: Submission,
    told: boolean,
  ): Promise<void> {
    const { lines, refused, channel } = part;
    const count = lines.length + refused.length;
    if (count === 0) return;
    await insertLines(sql, batchId, lines);
    await insertRanges(sql, batchId, before + 1, before + count, channel === 'kafka');
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
  const digests = await storedDigests(
    sql,
    lines.map(({ disbursementId }) => disbursementId),
  );
  const fresh = lines.filter(({ disbursementId }) => !digests.has(disbursementId));
  const conflicting = lines.filter(
    ({ disbursementId, digest }) => digests.get(disbursementId)?.equals(digest) === false,
  );
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

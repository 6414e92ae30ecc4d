import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { batchId as batchIdOf } from '@gpo/g2p-connect-schemas';
import type { Sql } from '@gpo/persistence';
import type { Sender } from '../senders/sender.js';
import { openBatch, type StoredBatch } from './batch.repository.js';
import { IntakeService, type Acceptance } from './intake.service.js';
import { claimMessageId } from './message-refusals.js';
import { SubmissionDigest, digestOf, type SubmissionHead } from './submission.js';
import { collect, type LineSlice } from './submission.reader.js';

/** A message whose lines are still to be read. */
export interface LargeMessage extends SubmissionHead {
  /** Lines, good and bad. */
  count: number;
  /** Reads the lines; each call begins anew. */
  slices: () => AsyncIterable<LineSlice>;
}

const NO_DIGEST = Buffer.alloc(0);

/**
 * Takes a message of many lines as IntakeService takes any other, in one transaction, but stores lines while it
 * reads the next: memory stays flat, and the time to the Ack is that of the slower of the two.
 */
@Injectable()
export class LargeMessageService {
  constructor(private readonly intake: IntakeService) {}

  /** @throws ApiError as IntakeService.accept, and where a line is no JSON; then nothing was stored. */
  async accept(sender: Sender, message: LargeMessage): Promise<Acceptance> {
    return this.intake.commit(sender, message, (sql) => this.store(sql, sender, message));
  }

  private async store(sql: Sql, sender: Sender, message: LargeMessage): Promise<Acceptance> {
    const { transactionId, messageId, channel, callbackUrl, slices } = message;
    const batchId = batchIdOf(sender.id, transactionId);
    const { stored, isNew } = await openBatch(sql, {
      batchId,
      senderId: sender.id,
      transactionId,
      correlationId: randomUUID(),
      messageId,
      contentDigest: NO_DIGEST,
      channel,
      callbackUrl,
    });
    if (!isNew) return this.storeKnown(sql, sender, message, stored);
    const digest = new SubmissionDigest();
    const batch = { batchId, before: 0, told: stored.callback_url !== null };
    const { added, duplicatePayees } = await this.intake.add(sql, sender, batch, digested(slices(), digest));
    const contentDigest = digest.end();
    await claim(sql, sender, message, batchId, contentDigest);
    await sql.query('UPDATE batch SET content_digest = $2 WHERE batch_id = $1', [batchId, contentDigest]);
    return { ...unchanged(stored), added, duplicatePayees };
  }

  /** The same content adds nothing, and is found without keeping it; other content is compared line by line. */
  private async storeKnown(
    sql: Sql,
    sender: Sender,
    message: LargeMessage,
    stored: StoredBatch,
  ): Promise<Acceptance> {
    const digest = new SubmissionDigest();
    for await (const slice of message.slices()) digest.add(slice);
    const contentDigest = digest.end();
    if (contentDigest.equals(stored.content_digest)) {
      await claim(sql, sender, message, stored.batch_id, contentDigest);
      return unchanged(stored);
    }
    const submission = { ...message, ...(await collect(message.slices())) };
    return this.intake.store(sql, sender, submission, await digestOf(submission));
  }
}

async function* digested(
  slices: AsyncIterable<LineSlice>,
  digest: SubmissionDigest,
): AsyncGenerator<LineSlice> {
  for await (const slice of slices) {
    digest.add(slice);
    yield slice;
  }
}

async function claim(
  sql: Sql,
  sender: Sender,
  { messageKey: messageId }: SubmissionHead,
  batchId: string,
  contentDigest: Buffer,
): Promise<void> {
  if (messageId === undefined) return;
  await claimMessageId(sql, { senderId: sender.id, messageId, batchId, contentDigest });
}

function unchanged({ batch_id: batchId, correlation_id: correlationId }: StoredBatch): Acceptance {
  return { batchId, correlationId, conflicting: [], conflictsTold: false, added: 0, duplicatePayees: 0 };
}

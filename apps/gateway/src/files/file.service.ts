import { createHash, randomUUID } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { DataSource } from 'typeorm';
import { BadJson, batchId as batchIdOf } from '@gpo/g2p-connect-schemas';
import { inTransaction, type Sql } from '@gpo/persistence';
import { ApiError } from '../api-error.js';
import { GatewayConfig } from '../gateway.config.js';
import { GatewayMetrics } from '../health/gateway.metrics.js';
import { openBatch } from '../intake/batch.repository.js';
import { callbackTarget, checkTarget } from '../intake/callback-url.js';
import { limitsOf } from '../intake/intake-limits.js';
import { claimMessageId } from '../intake/message-refusals.js';
import { admitRequest, chargeQuota } from '../senders/quota.repository.js';
import { profileOf, type Sender } from '../senders/sender.js';
import { BadFile } from './bad-file.js';
import { readFileHead, type FileHead } from './file.head.js';
import { FileLoader } from './file.loader.js';
import { addPiece, beginFile, dropFile, sameFile, storeFile } from './file.repository.js';
import { TooManyRows } from './file.scan.js';
import { receiveFile, type Upload } from './file.upload.js';

/**
 * Takes a file of disbursements: its bytes are committed piece by piece while they arrive and looked at to their end;
 * then the file and its batch are committed, and only then it is acknowledged. FileLoader does the rest.
 */
@Injectable()
export class FileService {
  private readonly log = new Logger('file');

  constructor(
    private readonly dataSource: DataSource,
    private readonly config: GatewayConfig,
    private readonly metrics: GatewayMetrics,
    private readonly loader: FileLoader,
  ) {}

  /**
   * @returns the batch's correlation id, the same for the same file.
   * @throws ApiError where the file as a whole is refused; then nothing is kept.
   */
  async accept(sender: Sender, request: FastifyRequest): Promise<{ correlationId: string }> {
    const fileId = randomUUID();
    await beginFile(this.dataSource, fileId, sender.id);
    try {
      const limits = limitsOf(sender, this.config);
      const upload = await receiveFile(request, limits, (no, bytes) =>
        addPiece(this.dataSource, fileId, no, bytes),
      );
      return await this.store(sender, fileId, upload);
    } catch (error) {
      await this.forget(fileId);
      throw asRefusal(error);
    }
  }

  private async store(sender: Sender, fileId: string, upload: Upload): Promise<{ correlationId: string }> {
    const profile = profileOf(sender);
    const head = readFileHead(upload, sender, profile);
    const target = callbackTarget(sender, head.senderUri, 'on-disburse', this.config.callbackAllowPrivate);
    checkTarget(target, profile.badSenderUri);
    const stored = await inTransaction(this.dataSource, (sql) =>
      this.commit(sql, sender, fileId, upload, head, target.url),
    );
    if (stored.isRepeat) await this.forget(fileId);
    else this.loader.wake();
    if (stored.refusal !== null) throw new ApiError('err.request.bad', stored.refusal);
    if (target.refused) this.warn(sender, stored.batchId, 'sender_uri');
    if (head.countDiffers) this.warn(sender, stored.batchId, 'total_count');
    return stored;
  }

  private async commit(
    sql: Sql,
    sender: Sender,
    fileId: string,
    { digest, format, scanned, size }: Upload,
    { transactionId, messageId, isNamed }: FileHead,
    callbackUrl: string | null,
  ): Promise<{ batchId: string; correlationId: string; isRepeat: boolean; refusal: string | null }> {
    const batchId = batchIdOf(sender.id, transactionId);
    await admitRequest(sql, sender, batchId, scanned.rows);
    const contentDigest = createHash('sha256').update(format).update(digest).digest();
    if (isNamed && profileOf(sender).messageIdIsKey)
      await claimMessageId(sql, { senderId: sender.id, messageId, batchId, contentDigest });
    const { stored } = await openBatch(sql, {
      batchId,
      senderId: sender.id,
      transactionId,
      correlationId: randomUUID(),
      messageId,
      contentDigest,
      channel: 'rest',
      callbackUrl,
    });
    const answer = { batchId, correlationId: stored.correlation_id };
    const before = await sameFile(sql, batchId, contentDigest);
    if (before !== undefined) return { ...answer, isRepeat: true, refusal: before.refusal };
    await storeFile(sql, {
      file_id: fileId,
      batch_id: batchId,
      transaction_id: transactionId,
      message_id: messageId,
      callback_url: callbackUrl,
      content_digest: contentDigest,
      format,
      layout: scanned.layout,
      size,
      rows: scanned.rows,
      from: scanned.from,
    });
    await chargeQuota(sql, sender, scanned.rows);
    return { ...answer, isRepeat: false, refusal: null };
  }

  /** Where PostgreSQL is away too, the loader's sweep does it later. */
  private async forget(fileId: string): Promise<void> {
    try {
      await dropFile(this.dataSource, fileId);
    } catch (error) {
      this.log.warn(`the bytes of the refused file ${fileId} stay until the sweep: ${String(error)}`);
    }
  }

  private warn(sender: Sender, batchId: string, field: 'sender_uri' | 'total_count'): void {
    this.metrics.intakeWarning(sender.id, field);
    this.log.warn(`file of batch ${batchId} of ${sender.id}: ${field} does not fit and was passed over`);
  }
}

function asRefusal(error: unknown): unknown {
  if (error instanceof TooManyRows)
    return new ApiError('rjct.total_count.limit_exceeded', error.message, { cause: error });
  if (error instanceof BadFile || error instanceof BadJson)
    return new ApiError('err.request.bad', error.message, { cause: error });
  return error;
}

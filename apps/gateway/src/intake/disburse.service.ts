import { randomUUID } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { GatewayConfig } from '../gateway.config.js';
import { GatewayMetrics } from '../health/gateway.metrics.js';
import { profileOf, type Sender } from '../senders/sender.js';
import { callbackTarget, checkTarget } from './callback-url.js';
import { countFits, openDisburseMessage, textOf } from './disburse.message.js';
import type { Envelope } from './envelope.js';
import { limitsOf } from './intake-limits.js';
import { IntakeService, type Acceptance, type Submission } from './intake.service.js';
import { LargeMessageService } from './large-message.service.js';
import type { SubmissionHead } from './submission.js';
import { collect } from './submission.reader.js';

export { TRANSACTION_ID_MAX } from './disburse.message.js';

/** Messages with more lines are stored while they are read. */
const LARGE_LINES = 500;
const NO_LINES = { lines: [], refused: [] };

/** A disburse message that was read, stored and committed. */
export interface Disbursed {
  envelope: Envelope;
  /** Without its lines where it was large and asynchronous. */
  submission: Submission;
  acceptance: Acceptance;
}

/** Reads a DisburseRequest as the sender's profile allows and hands it to intake. */
@Injectable()
export class DisburseService {
  private readonly log = new Logger('intake');

  constructor(
    private readonly intake: IntakeService,
    private readonly large: LargeMessageService,
    private readonly config: GatewayConfig,
    private readonly metrics: GatewayMetrics,
  ) {}

  /**
   * @param path where it came in: the synchronous one tells every refused line in its answer, the other by a callback.
   * @throws ApiError where the message cannot be attributed or read; then nothing was stored.
   */
  async disburse(
    sender: Sender,
    body: Buffer | undefined,
    path: 'disburse' | 'disburse/sync/disburse',
  ): Promise<Disbursed> {
    const profile = profileOf(sender);
    const linesMax = limitsOf(sender, this.config).lines;
    const { envelope, transactionId, count, slices } = await openDisburseMessage(
      sender,
      body,
      linesMax,
      path,
    );
    const { header } = envelope;
    const target = callbackTarget(sender, header.sender_uri, 'on-disburse', this.config.callbackAllowPrivate);
    checkTarget(target, profile.badSenderUri);
    const messageId = textOf(header.message_id);
    const head: SubmissionHead = {
      transactionId,
      messageId: messageId ?? randomUUID(),
      callbackUrl: target.url,
      channel: 'rest',
      conflictsToCallback: path === 'disburse',
      ...(profile.messageIdIsKey && messageId !== undefined ? { messageKey: messageId } : {}),
    };
    const isLarge = path === 'disburse' && count > LARGE_LINES;
    const submission = { ...head, ...(isLarge ? NO_LINES : await collect(slices())) };
    const acceptance = isLarge
      ? await this.large.accept(sender, { ...head, count, slices })
      : await this.intake.accept(sender, submission);
    if (target.refused) this.warn(sender, acceptance, 'sender_uri');
    if (header.total_count !== undefined && !countFits(envelope, count))
      this.warn(sender, acceptance, 'total_count');
    return { envelope, submission, acceptance };
  }

  /** Something about the message that this sender's profile lets pass (D12, D15). Names neither people nor accounts. */
  private warn(sender: Sender, { batchId }: Acceptance, field: 'sender_uri' | 'total_count'): void {
    this.metrics.intakeWarning(sender.id, field);
    this.log.warn(`batch ${batchId} of ${sender.id}: header.${field} does not fit and was passed over`);
  }
}

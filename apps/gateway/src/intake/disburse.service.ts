import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { GatewayConfig } from '../gateway.config.js';
import type { Sender } from '../senders/sender.js';
import { callbackUrl } from './callback-url.js';
import { readDisburseMessage, textOf } from './disburse.message.js';
import type { Envelope } from './envelope.js';
import { IntakeService, type Acceptance, type Submission } from './intake.service.js';

/** A disburse message that was read, stored and committed. */
export interface Disbursed {
  envelope: Envelope;
  submission: Submission;
  acceptance: Acceptance;
}

/** Reads a DisburseRequest as the sender's profile allows and hands it to intake. */
@Injectable()
export class DisburseService {
  constructor(
    private readonly intake: IntakeService,
    private readonly config: GatewayConfig,
  ) {}

  /** @throws ApiError where the message cannot be attributed or read; then nothing was stored. */
  async disburse(sender: Sender, body: Buffer | undefined): Promise<Disbursed> {
    const { envelope, ...message } = await readDisburseMessage(sender, body, this.config.linesMax);
    const submission: Submission = {
      messageId: textOf(envelope.header.message_id) ?? randomUUID(),
      callbackUrl: callbackUrl(sender, envelope.header.sender_uri, this.config.callbackAllowPrivate),
      channel: 'rest',
      ...message,
    };
    return { envelope, submission, acceptance: await this.intake.accept(sender, submission) };
  }
}

import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { PROFILES, isNumberText, plain, type Profile } from '@gpo/g2p-connect-schemas';
import { ApiError } from '../api-error.js';
import { GatewayConfig } from '../gateway.config.js';
import type { Sender } from '../senders/sender.js';
import { callbackUrl } from './callback-url.js';
import { readEnvelope, totalCount, type Envelope } from './envelope.js';
import { IntakeService, type Acceptance, type Submission } from './intake.service.js';
import { readLines } from './submission.reader.js';

/** Longest transaction_id, in characters. */
export const TRANSACTION_ID_MAX = 99;

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
    const profile = PROFILES[sender.profile];
    const envelope = await readEnvelope(body, sender, profile, ['disburse']);
    const raw = this.disbursements(envelope);
    this.checkCount(envelope, profile, raw.length);
    const transactionId = readTransactionId(envelope);
    const submission: Submission = {
      transactionId,
      messageId: textOf(envelope.header.message_id) ?? randomUUID(),
      callbackUrl: callbackUrl(sender, envelope.header.sender_uri, this.config.callbackAllowPrivate),
      channel: 'rest',
      ...(await readLines(sender, profile, transactionId, raw)),
    };
    return { envelope, submission, acceptance: await this.intake.accept(sender, submission) };
  }

  // D1: the specification misspells its own field; a message with only the misspelt one means it.
  private disbursements({ message }: Envelope): readonly unknown[] {
    const list = message.disbursements ?? message.disburemsents;
    if (!Array.isArray(list))
      throw new ApiError('err.request.bad', 'The message has no disbursements array.');
    if (list.length === 0) throw new ApiError('err.request.bad', 'The disbursements array is empty.');
    if (list.length > this.config.linesMax) {
      throw new ApiError(
        'rjct.total_count.limit_exceeded',
        `A message may hold ${this.config.linesMax} disbursements.`,
      );
    }
    return list;
  }

  private checkCount({ header }: Envelope, profile: Profile, lines: number): void {
    if (profile.checkTotalCount !== 'reject') return;
    if (totalCount(header) !== lines) {
      throw new ApiError(
        'rjct.total_count.invalid',
        'The header total_count is not the number of disbursements.',
      );
    }
  }
}

function readTransactionId({ message }: Envelope): string {
  const id = textOf(message.transaction_id);
  if (id === undefined || id === '')
    throw new ApiError('err.request.bad', 'The message has no transaction_id.');
  if (id.length > TRANSACTION_ID_MAX) {
    throw new ApiError(
      'err.request.bad',
      `The transaction_id is longer than ${TRANSACTION_ID_MAX} characters.`,
    );
  }
  return id;
}

/** Text, or the source text of a JSON number. */
function textOf(value: unknown): string | undefined {
  if (isNumberText(value)) return plain(value);
  return typeof value === 'string' ? value : undefined;
}

import { createHash, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { questionId } from '@gpo/g2p-connect-schemas';
import { inTransaction } from '@gpo/persistence';
import { CallbackSender } from '../callback/callback.sender.js';
import { GatewayConfig } from '../gateway.config.js';
import { ack, nack } from '../intake/ack.js';
import { callbackTarget, checkTarget } from '../intake/callback-url.js';
import { textOf } from '../intake/envelope.js';
import { claimMessageId } from '../intake/message-refusals.js';
import { profileOf, type Sender } from '../senders/sender.js';
import type { Asked } from './asked.js';
import { storeQuestion, type QuestionVerb } from './question.repository.js';

/** Where the same question is answered at once. */
const SYNC_PATH: Readonly<Record<QuestionVerb, string>> = {
  'on-search': '/disburse/sync/search',
  'on-status': '/disburse/sync/txn/status',
};

/** Takes questions that a callback answers (G2P Connect disburse/search and disburse/txn/status). */
@Injectable()
export class QuestionService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly config: GatewayConfig,
    private readonly sender: CallbackSender,
  ) {}

  /**
   * Stores the question with its unsent answer, then acknowledges. The same message again gets the same Ack and no
   * second answer (D13).
   * @returns ACK; NACK where no address is known.
   * @throws ApiError err.sender_uri.invalid, or rjct.message_id.duplicate for another question with the same id.
   */
  async ask(
    sender: Sender,
    verb: QuestionVerb,
    { header, question }: Asked<{ transactionId: string }>,
  ): Promise<Record<string, unknown>> {
    const profile = profileOf(sender);
    const target = callbackTarget(sender, header.sender_uri, verb, this.config.callbackAllowPrivate);
    checkTarget(target, profile.badSenderUri);
    const { url } = target;
    if (url === null) return noCallbackFollows(SYNC_PATH[verb]);
    const key = profile.messageIdIsKey ? textOf(header.message_id) : undefined;
    const id = key === undefined ? randomUUID() : questionId(sender.id, key);
    const contentDigest = createHash('sha256')
      .update(JSON.stringify([verb, question]))
      .digest();
    await inTransaction(this.dataSource, async (sql) => {
      if (key !== undefined)
        await claimMessageId(sql, { senderId: sender.id, messageId: key, batchId: id, contentDigest });
      await storeQuestion(sql, { questionId: id, senderId: sender.id, verb, url, question });
    });
    this.sender.wake();
    return ack(id);
  }
}

/** The acknowledgement of a valid question that no callback can answer. */
function noCallbackFollows(syncPath: string): Record<string, unknown> {
  return nack(randomUUID(), {
    code: 'err.service.unavailable',
    message: `No callback will follow, because no address is known: name one in header.sender_uri, or post the same message to ${syncPath}.`,
  });
}

import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { CallbackVerb } from '../intake/callback-url.js';
import { SenderRegistry } from '../senders/sender-registry.js';
import { SearchService, type SearchQuestion } from '../status/search.service.js';
import { TxnStatusService, type TxnStatusQuestion } from '../status/txn-status.service.js';

interface StoredQuestion {
  sender_id: string;
  verb: CallbackVerb;
  question: unknown;
}

/** Makes the answers to asynchronous questions, when they are first sent, from the rows as they stand then. */
@Injectable()
export class AnswerBuilder {
  constructor(
    private readonly dataSource: DataSource,
    private readonly senders: SenderRegistry,
    private readonly search: SearchService,
    private readonly status: TxnStatusService,
  ) {}

  /**
   * The answer, stored as it will be sent over all tries.
   * @throws Error where it cannot be made; nothing was stored then.
   */
  async fix(callbackId: string, questionId: string): Promise<string> {
    const answer = await this.make(callbackId, questionId);
    const body = JSON.stringify({ signature: '', ...answer });
    const { total_count: items } = answer.header as { total_count: number };
    const [[fixed]] = await this.dataSource.query<[{ body: string }[], number]>(
      `UPDATE callback SET body = $2, items = $3 WHERE callback_id = $1 AND body IS NULL AND delivered_at IS NULL
       RETURNING body`,
      [callbackId, body, items],
    );
    if (fixed !== undefined) return fixed.body;
    // Another process was faster: what it fixed is what is sent.
    const [stored] = await this.dataSource.query<{ body: string | null }[]>(
      'SELECT body FROM callback WHERE callback_id = $1',
      [callbackId],
    );
    if (stored?.body == null) throw new Error('it was delivered by another process');
    return stored.body;
  }

  private async make(callbackId: string, questionId: string): Promise<Record<string, unknown>> {
    const [stored] = await this.dataSource.query<StoredQuestion[]>(
      'SELECT sender_id, verb, question FROM question WHERE question_id = $1',
      [questionId],
    );
    const sender = stored && this.senders.get(stored.sender_id);
    if (stored === undefined || sender === undefined)
      throw new Error('its sender is not in the senders file');
    const head = { messageId: callbackId, correlationId: questionId };
    return stored.verb === 'on-search'
      ? this.search.answer(sender, stored.question as SearchQuestion, head)
      : this.status.answer(sender, stored.question as TxnStatusQuestion, head);
  }
}

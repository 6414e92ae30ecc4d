import type { Instruction, PayeeHandles } from '../connector.js';
import { LaneStopped, NotSent, OutcomeUnknown, RailError, Throttled } from '../rail-error.js';
import { isObject } from '../rail-http.js';
import type { PaystackClient } from './paystack.client.js';
import type { PaystackConfig } from './paystack.config.js';
import { recipientAccount, recipientBody, recipientKey, type RecipientBody } from './paystack.mapping.js';
import { isGood, refusalOf, wordsOf, type RailWords, type Refusal } from './paystack.outcome.mapping.js';

const AT_ONCE = 8;

/** A payee's recipient code, why the payee can have none, or the error for which the payment must wait. */
export type Recipient =
  | { kind: 'code'; key: string; code: string }
  | { kind: 'refused'; refusal: Refusal & { kind: 'rejected' }; words: RailWords }
  | { kind: 'error'; error: RailError };

/** Makes payees known to Paystack: once per account and currency, kept in the record. No money moves here. */
export class PaystackRecipients {
  private readonly making = new Map<string, Promise<Recipient>>();

  constructor(
    private readonly laneId: string,
    private readonly config: PaystackConfig,
    private readonly client: PaystackClient,
    private readonly handles: PayeeHandles,
  ) {}

  /** One answer per rail id. @throws NotSent when the record cannot be asked. */
  async of(items: readonly Instruction[], deadline: number): Promise<ReadonlyMap<string, Recipient>> {
    const wanted = items.map((item) => ({ railId: item.railId, ...this.wanted(item) }));
    const known = await this.record(() => this.handles.find(wanted.map(({ key }) => key)));
    const found = new Map<string, Recipient>();
    const queue = wanted.filter(({ railId, key }) => {
      const code = known.get(key);
      if (code !== undefined) found.set(railId, { kind: 'code', key, code });
      return code === undefined;
    });
    const workers = Array.from({ length: Math.min(AT_ONCE, queue.length) }, async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift())
        found.set(next.railId, await this.make(next.key, next.body, deadline));
    });
    await Promise.all(workers);
    return found;
  }

  /** The rail does not know this code any more: the next send makes a new one. */
  async forget(key: string, code: string): Promise<void> {
    await this.record(() => this.handles.forget(key, code));
  }

  private wanted(item: Instruction): { key: string; body: RecipientBody } {
    const account = recipientAccount(item, this.config);
    if (typeof account === 'string') throw new NotSent(account);
    return { key: recipientKey(account), body: recipientBody(account, item.payeeName) };
  }

  /** Two payments to one payee at once share the call. */
  private make(key: string, body: RecipientBody, deadline: number): Promise<Recipient> {
    const running = this.making.get(key);
    if (running !== undefined) return running;
    const making = this.create(key, body, deadline)
      .catch((error: unknown): Recipient => ({ kind: 'error', error: asWait(error, this.config.throttleMs) }))
      .finally(() => this.making.delete(key));
    this.making.set(key, making);
    return making;
  }

  private async create(key: string, body: RecipientBody, deadline: number): Promise<Recipient> {
    const answer = await this.client.send({ method: 'POST', path: '/transferrecipient', body, deadline });
    const data = answer.body?.data;
    const code = isGood(answer) && isObject(data) ? data.recipient_code : undefined;
    if (typeof code === 'string' && code !== '')
      return { kind: 'code', key, code: await this.record(() => this.handles.keep(key, code)) };
    const refusal = refusalOf(answer);
    if (refusal.kind === 'rejected') return { kind: 'refused', refusal, words: wordsOf(answer) };
    if (refusal.kind === 'auth' || refusal.kind === 'configuration')
      throw new LaneStopped(refusal.kind, `${this.laneId}: the rail refuses to take a recipient`);
    const waitMs = answer.retryAfterMs ?? this.config.throttleMs;
    throw new Throttled(`a recipient was answered ${answer.status}`, waitMs);
  }

  private async record<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      throw new NotSent('the record of recipients does not answer', { cause });
    }
  }
}

/** Nothing was paid: a recipient that stayed without an answer is asked for again (the rail returns the one it has). */
function asWait(error: unknown, throttleMs: number): RailError {
  if (error instanceof OutcomeUnknown) return new Throttled(error.message, throttleMs, { cause: error });
  if (error instanceof RailError) return error;
  return new NotSent('no recipient', { cause: error });
}

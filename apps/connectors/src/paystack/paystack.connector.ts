import { OutboundHttp } from '@gpo/outbound-http';
import type { ConnectorFactory } from '../connector-registry.js';
import type {
  Absent,
  CallContext,
  ConnectorManifest,
  InboundMessage,
  InboundResult,
  Instruction,
  Outcome,
  PayeeHandles,
  QueryKey,
  RailConnector,
  SubmitError,
  Violation,
} from '../connector.js';
import { askEach, requireValid } from '../one-by-one.js';
import { InvalidInstruction, LaneStopped, OutcomeUnknown, type RailError } from '../rail-error.js';
import { isObject, type RailAnswer } from '../rail-http.js';
import { PaystackClient } from './paystack.client.js';
import { readPaystackConfig, type PaystackConfig } from './paystack.config.js';
import { paystackManifest } from './paystack.manifest.js';
import { bulkBody, transferBody, transferItem, violationsOf } from './paystack.mapping.js';
import {
  isGood,
  readBulk,
  readTransfer,
  refusalOf,
  saysUnknownReference,
  transferOutcome,
  wordsOf,
  type Refusal,
  type Transfer,
} from './paystack.outcome.mapping.js';
import { PaystackRecipients } from './paystack.recipients.js';
import { errorOf, failed, isAboutOne, unmentioned, withoutRecipient } from './paystack.results.js';
import { readWebhook } from './paystack.webhook.js';

type Result = Outcome | SubmitError;

/** An instruction with the recipient code that stands for its payee. */
interface Addressed {
  item: Instruction;
  key: string;
  code: string;
}

/** Paystack transfers, single and bulk: our rail id is the reference, which the rail takes once and can be asked for. */
export class PaystackConnector implements RailConnector {
  readonly manifest: ConnectorManifest;
  private readonly client: PaystackClient;
  private readonly recipients: PaystackRecipients;
  /** The last transfer whose submit was answered that it waits for a one-time password. */
  private waitsForOtp: string | undefined;

  constructor(
    private readonly laneId: string,
    private readonly config: PaystackConfig,
    private readonly http: OutboundHttp,
    handles: PayeeHandles,
  ) {
    this.manifest = paystackManifest(config);
    this.client = new PaystackClient(config, http);
    this.recipients = new PaystackRecipients(laneId, config, this.client, handles);
  }

  validate(instruction: Instruction): Violation[] {
    return violationsOf(instruction, this.config);
  }

  async submit(items: readonly Instruction[], ctx: CallContext): Promise<Result[]> {
    if (items.length === 0 || items.length > this.config.bulkMax)
      throw new InvalidInstruction(`1 to ${this.config.bulkMax} at a time`);
    for (const item of items) requireValid(item, (one) => this.validate(one));
    const deadline = performance.now() + ctx.timeoutMs;
    const recipients = await this.recipients.of(items, deadline);
    const results: Result[] = [];
    const byCurrency = new Map<string, Addressed[]>();
    for (const item of items) {
      const recipient = recipients.get(item.railId);
      if (recipient?.kind !== 'code') {
        results.push(withoutRecipient(item.railId, recipient));
        continue;
      }
      const group = byCurrency.get(item.currency) ?? [];
      group.push({ item, key: recipient.key, code: recipient.code });
      byCurrency.set(item.currency, group);
    }
    for (const group of byCurrency.values()) results.push(...(await this.send(group, ctx, deadline)));
    const [only] = results;
    // What holds for the only item is thrown, as by a rail that takes one at a time.
    if (items.length === 1 && only?.kind === 'error') throw only.error;
    return results;
  }

  query(keys: readonly QueryKey[], ctx: CallContext): Promise<(Outcome | Absent)[]> {
    return askEach(keys, ctx, (key, deadline) => this.verify(key, deadline));
  }

  parseInbound(message: InboundMessage): InboundResult {
    return readWebhook(message, this.config.secretKey);
  }

  /** @throws LaneStopped while the key is refused, the balance is empty, or transfers wait for a one-time password. */
  async health(ctx: CallContext): Promise<void> {
    const deadline = performance.now() + ctx.timeoutMs;
    const waiting = this.waitsForOtp;
    if (waiting !== undefined) {
      const found = await this.verify({ railId: waiting }, deadline);
      if (found.kind !== 'absent' && found.laneTrouble)
        throw new LaneStopped(found.laneTrouble.kind, found.laneTrouble.message);
      this.waitsForOtp = undefined;
    }
    const answer = await this.client.send({ method: 'GET', path: '/balance', deadline });
    const balances = answer.body?.data;
    if (!isGood(answer) || !Array.isArray(balances)) throw this.readError(answer);
    for (const balance of balances.filter(isObject)) {
      const ours = this.config.currencies.includes(String(balance.currency));
      if (ours && typeof balance.balance === 'number' && balance.balance <= 0)
        throw new LaneStopped('payer_funds', `${this.laneId}: the balance is empty`);
    }
  }

  close(): Promise<void> {
    this.http.close();
    return Promise.resolve();
  }

  private async send(group: readonly Addressed[], ctx: CallContext, deadline: number): Promise<Result[]> {
    const [first, ...more] = group;
    if (first === undefined) return [];
    if (more.length === 0) return [await this.single(first, ctx, deadline)];
    const railIds = group.map(({ item }) => item.railId);
    let answer: RailAnswer;
    try {
      answer = await this.client.send({
        method: 'POST',
        path: '/transfer/bulk',
        body: bulkBody(
          first.item.currency,
          group.map(({ item, code }) => transferItem(item, code)),
        ),
        beforeSend: () => ctx.beforeSend(),
        deadline,
      });
    } catch (error) {
      return failed(railIds, error);
    }
    const transfers = readBulk(answer);
    if (transfers !== undefined)
      return railIds.map((railId) => {
        const transfer = transfers.get(railId);
        return transfer === undefined ? unmentioned(railId) : this.outcome(railId, transfer);
      });
    const refusal = refusalOf(answer);
    // The rail took none of them because of one: each by itself, so that the others do not wait for it. It takes a reference once.
    if (isAboutOne(refusal)) {
      const results: Result[] = [];
      for (const one of group) results.push(await this.single(one, ctx, deadline));
      return results;
    }
    return failed(railIds, this.errorOf(refusal, answer));
  }

  private async single(addressed: Addressed, ctx: CallContext, deadline: number): Promise<Result> {
    const { item, key, code } = addressed;
    const { railId } = item;
    try {
      const answer = await this.client.send({
        method: 'POST',
        path: '/transfer',
        body: transferBody(item, code),
        beforeSend: () => ctx.beforeSend(),
        deadline,
      });
      const transfer = isGood(answer) ? readTransfer(answer.body?.data) : undefined;
      if (transfer?.reference === railId) return this.outcome(railId, transfer);
      if (isGood(answer)) throw new OutcomeUnknown('the answer is not about this reference');
      const refusal = refusalOf(answer);
      if (refusal.kind === 'rejected') return { railId, at: new Date(), ...wordsOf(answer), ...refusal };
      if (refusal.kind === 'duplicate') return await this.verifyAfterDuplicate(railId, deadline);
      if (refusal.kind === 'stale_recipient') await this.recipients.forget(key, code);
      throw this.errorOf(refusal, answer);
    } catch (error) {
      return failed([railId], error)[0]!;
    }
  }

  /** The rail took this reference before: whatever goes wrong from here on, it may not be sent again. */
  private async verifyAfterDuplicate(railId: string, deadline: number): Promise<Outcome> {
    let found: Outcome | Absent;
    try {
      found = await this.verify({ railId }, deadline);
    } catch (cause) {
      throw new OutcomeUnknown('a known reference, and the query failed', { cause });
    }
    if (found.kind === 'absent') throw new OutcomeUnknown('the rail knows the reference and has no transfer');
    return found;
  }

  private async verify({ railId, railReference }: QueryKey, deadline: number): Promise<Outcome | Absent> {
    const path = `/transfer/verify/${encodeURIComponent(railId)}`;
    const answer = await this.client.send({ method: 'GET', path, deadline });
    const transfer = isGood(answer) ? readTransfer(answer.body?.data) : undefined;
    if (transfer?.reference === railId) return transferOutcome(railId, transfer, this.config.pollAfterMs);
    if (!saysUnknownReference(answer)) throw this.readError(answer);
    if (railReference === undefined) return { railId, kind: 'absent' };
    return { railId, at: new Date(), kind: 'unknown', why: 'the rail no longer knows what it had accepted' };
  }

  /** The answer to a submit. */
  private outcome(railId: string, transfer: Transfer): Outcome {
    const outcome = transferOutcome(railId, transfer, this.config.pollAfterMs);
    this.waitsForOtp = outcome.laneTrouble ? railId : undefined;
    return outcome;
  }

  /** A read that did not bring what was asked for; only pace and credentials are told apart. */
  private readError(answer: RailAnswer): RailError {
    const refusal = refusalOf(answer);
    if (refusal.kind === 'throttled' || refusal.kind === 'auth') return this.errorOf(refusal, answer);
    return new OutcomeUnknown(`the query was answered ${answer.status}`);
  }

  private errorOf(refusal: Refusal, answer: RailAnswer): RailError {
    return errorOf(this.laneId, refusal, answer, this.config.throttleMs);
  }
}

/** @throws Error with one sentence when the settings are wrong. */
export const paystack: ConnectorFactory = ({ laneId, settings, handles }) => {
  const config = readPaystackConfig(laneId, settings);
  const http = new OutboundHttp({
    timeoutMs: config.requestTimeoutMs,
    maxResponseBytes: config.answerBytesMax,
    maxSockets: config.maxSockets,
    allowPrivateAddresses: true,
  });
  return new PaystackConnector(laneId, config, http, handles);
};

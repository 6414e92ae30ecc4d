import { createHmac } from 'node:crypto';
import type { CallbackSender } from '../callback.sender.js';
import type { CompletionTimes } from '../completion.js';
import type { Fault, FaultBoard } from '../faults.js';
import type { Journal } from '../journal.js';
import { LaterSteps } from '../later-steps.js';
import { SeededRandom } from '../seeded-random.js';
import { verifyData } from './paystack.answers.js';
import type { PaystackEntry, PaystackLedger, Transfer } from './paystack.ledger.js';
import type { TransferStatus } from './paystack.message.js';

const DAY_MS = 86_400_000;
const EVENTS: Readonly<Partial<Record<TransferStatus, string>>> = {
  success: 'transfer.success',
  failed: 'transfer.failed',
  rejected: 'transfer.failed',
  reversed: 'transfer.reversed',
};

export interface PaystackCompletionParts {
  ledger: PaystackLedger;
  journal: Journal<PaystackEntry>;
  callbacks: CallbackSender;
  faults: FaultBoard;
  times: CompletionTimes;
  secretKey: string;
  webhookUrl: string;
  onFatal: (error: Error) => void;
}

/** Brings accepted transfers to their end, and tells of it by signed webhook. */
export class PaystackCompletion {
  private readonly steps: LaterSteps;
  private readonly random: SeededRandom;

  constructor(private readonly parts: PaystackCompletionParts) {
    this.random = new SeededRandom(parts.times.seed);
    this.steps = new LaterSteps((cause) =>
      parts.onFatal(new Error('A transfer could not be completed.', { cause })),
    );
  }

  /** Books the entry in this tick; resolves when the journal has it. */
  record(entry: PaystackEntry): Promise<void> {
    this.parts.ledger.apply(entry);
    return this.parts.journal.append(entry);
  }

  delayFor(fault: Fault | undefined): number {
    const { delayMs, slowMs } = this.parts.times;
    if (fault === 'slow') return slowMs;
    if (fault === 'answers-after-a-day') return DAY_MS;
    if (fault === 'early-double-callback') return 0;
    return Math.max(1, Math.round(delayMs * (0.5 + this.random.next())));
  }

  /** Schedules what is still to come of this transfer. */
  follow(transfer: Transfer): void {
    const fault = this.parts.faults.of(transfer.to.account_number);
    if (transfer.status === 'pending' || transfer.status === 'received')
      this.steps.add(transfer.dueAt - Date.now(), () => this.finish(transfer, fault));
    else if (transfer.status === 'success' && fault === 'returned-later') this.returnLater(transfer);
  }

  /** After a start: open transfers complete when due, returns still come. */
  resume(): void {
    for (const transfer of this.parts.ledger.all()) this.follow(transfer);
  }

  async finish(transfer: Transfer, fault: Fault | undefined): Promise<void> {
    if (fault === 'fails-after-accepting') await this.move(transfer, 'rejected');
    else if (fault === 'outage-once' && !this.parts.ledger.failedBefore(transfer))
      await this.move(transfer, 'failed');
    else await this.move(transfer, 'success');
    if (transfer.status === 'success' && fault === 'returned-later') this.returnLater(transfer);
    await this.tell(transfer);
  }

  async move(transfer: Transfer, status: TransferStatus): Promise<void> {
    const { account, reference } = transfer;
    await this.record({ event: 'moved', account, reference, status, at: new Date().toISOString() });
  }

  /** A webhook signed as Paystack does: HMAC-SHA512 of the body's bytes. Resolves after the last try. */
  async tell(transfer: Transfer): Promise<void> {
    const event = EVENTS[transfer.status];
    const { webhookUrl, secretKey } = this.parts;
    if (event === undefined || webhookUrl === '') return;
    const body = JSON.stringify({ event, data: verifyData(transfer) });
    await this.parts.callbacks.deliver(transfer.code, () => ({
      method: 'POST',
      url: webhookUrl.replaceAll('{account}', encodeURIComponent(transfer.account)),
      headers: {
        'Content-Type': 'application/json',
        'x-paystack-signature': createHmac('sha512', secretKey).update(body).digest('hex'),
      },
      body,
    }));
  }

  close(): Promise<void> {
    return this.steps.close();
  }

  private returnLater(transfer: Transfer): void {
    this.steps.add(this.parts.times.returnAfterMs, async () => {
      if (transfer.status !== 'success') return;
      await this.move(transfer, 'reversed');
      await this.tell(transfer);
    });
  }
}

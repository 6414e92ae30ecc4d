import type { Fault, FaultBoard } from './faults.js';
import { errorAnswer } from './gsma.message.js';
import type { CallbackSender } from './callback.sender.js';
import type { Journal, JournalEntry } from './journal.js';
import type { Ledger, Payment } from './ledger.js';
import { LaterSteps } from './later-steps.js';
import { SeededRandom } from './seeded-random.js';

const DAY_MS = 86_400_000;

export interface CompletionTimes {
  delayMs: number;
  slowMs: number;
  returnAfterMs: number;
  seed: number;
}

/** Brings accepted payments to their end: executed, failed or reversed, each followed by a callback. */
export class Completion {
  private readonly steps: LaterSteps;
  private readonly random: SeededRandom;

  constructor(
    private readonly ledger: Ledger,
    private readonly journal: Journal<JournalEntry>,
    private readonly callbacks: CallbackSender,
    private readonly times: CompletionTimes,
    private readonly faults: FaultBoard,
    onFatal: (error: Error) => void,
  ) {
    this.random = new SeededRandom(times.seed);
    this.steps = new LaterSteps((cause) =>
      onFatal(new Error('A payment could not be completed.', { cause })),
    );
  }

  /** Books the entry in this tick; resolves when the journal has it. */
  record(entry: JournalEntry): Promise<void> {
    this.ledger.apply(entry);
    return this.journal.append(entry);
  }

  delayFor(fault: Fault | undefined): number {
    if (fault === 'slow') return this.times.slowMs;
    if (fault === 'answers-after-a-day') return DAY_MS;
    if (fault === 'early-double-callback') return 0;
    if (fault === 'fails-after-accepting' || fault === 'outage-once') return Math.max(1, this.times.delayMs);
    return Math.round(this.times.delayMs * (0.5 + this.random.next()));
  }

  /** Schedules what is still to come of this payment. */
  follow(payment: Payment, fault: Fault | undefined): void {
    if (payment.state === 'pending') {
      this.steps.add(payment.dueAt - Date.now(), () => this.complete(payment, fault));
    } else {
      this.steps.add(0, () => this.afterwards(payment, fault));
    }
  }

  /** After a start: pending payments complete when due, returns still come. */
  resume(): void {
    for (const payment of this.ledger.all()) {
      const fault = this.faults.of(payment.body.creditParty[0]?.value ?? '');
      if (payment.state === 'pending') this.follow(payment, fault);
      else if (payment.state === 'completed' && fault === 'returned-later') this.returnLater(payment);
    }
  }

  async reverse(payment: Payment, reversalReference: string, correlationId?: string): Promise<void> {
    await this.record({
      event: 'reversed',
      provider: payment.provider,
      transactionReference: payment.transactionReference,
      reversalReference,
      ...(correlationId === undefined ? {} : { correlationId }),
      at: new Date().toISOString(),
    });
    await this.callbacks.send(payment);
  }

  close(): Promise<void> {
    return this.steps.close();
  }

  private async complete(payment: Payment, fault: Fault | undefined): Promise<void> {
    const { provider, transactionReference } = payment;
    const at = new Date().toISOString();
    if (fault === 'fails-after-accepting') {
      const { body: error } = errorAnswer('identification', 'identifierError', 'The account was closed.');
      await this.record({ event: 'failed', provider, transactionReference, error, at });
    } else if (fault === 'outage-once' && !this.ledger.failedBefore(payment)) {
      const { body: error } = errorAnswer('serviceUnavailable', 'genericError', 'The core system went away.');
      await this.record({ event: 'failed', provider, transactionReference, error, at });
    } else {
      await this.record({ event: 'executed', provider, transactionReference, at });
    }
    await this.afterwards(payment, fault);
  }

  private async afterwards(payment: Payment, fault: Fault | undefined): Promise<void> {
    if (fault === 'returned-later') this.returnLater(payment);
    await this.callbacks.send(payment);
  }

  private returnLater(payment: Payment): void {
    this.steps.add(this.times.returnAfterMs, async () => {
      if (payment.state === 'completed') await this.reverse(payment, `${payment.transactionReference}R`);
    });
  }
}

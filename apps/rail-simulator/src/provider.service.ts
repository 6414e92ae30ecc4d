import { randomUUID } from 'node:crypto';
import { acceptedAnswer, completedAnswer } from './gsma.answers.js';
import {
  errorAnswer,
  isRecord,
  readDisbursement,
  UUID,
  type Answer,
  type DisbursementBody,
  type ErrorAnswer,
} from './gsma.message.js';
import type { Fault, FaultBoard } from './faults.js';
import { businessKey, type Ledger, type Payment } from './ledger.js';
import type { Completion } from './completion.js';
import type { CallbackSender } from './callback.sender.js';

/** 'hold' never answers; 'drop' closes the connection. */
export type SubmitResult = Answer | 'hold' | 'drop';

export interface SubmitRequest {
  provider: string;
  type: string;
  correlationId: string | undefined;
  callbackUrl: string | undefined;
  body: unknown;
}

interface Refused {
  answer: ErrorAnswer;
  /** The correlation id is burnt, and /responses leads to the error. */
  remembered: boolean;
  /** Key of the daily limit that was hit. */
  limited?: string;
}

const STRIKES = 2;

/** Decides what a provider does with a request. Everything up to the ledger entry happens in one tick. */
export class ProviderService {
  /** Errors that the next submits of a provider are answered with, set by a test. */
  private readonly errors = new Map<string, { answer: ErrorAnswer; left: number }>();

  constructor(
    private readonly ledger: Ledger,
    private readonly faults: FaultBoard,
    private readonly completion: Completion,
    private readonly callbacks: CallbackSender,
    private readonly synchronous: boolean,
  ) {}

  /** The next `times` submits to this provider are refused with this error, and nothing is remembered of them. */
  say(provider: string, category: string, code: string, times: number): void {
    this.errors.set(provider, { answer: errorAnswer(category, code, 'As the test asked.'), left: times });
  }

  async submit(request: SubmitRequest): Promise<SubmitResult> {
    const said = this.errors.get(request.provider);
    if (said !== undefined && said.left > 0) {
      said.left -= 1;
      return said.answer;
    }
    if (request.type !== 'disbursement')
      return errorAnswer('businessRule', 'transactionTypeError', request.type);
    const id = this.freshId(request.provider, request.correlationId);
    if (typeof id !== 'string') return id;
    const read = readDisbursement(request.body);
    if ('status' in read) return read;
    const payeeNumber = read.body.creditParty[0]?.value ?? '';
    const fault = this.faults.of(payeeNumber);
    if (this.faults.outOfFunds(request.provider, fault)) return noFunds();
    const refused =
      fault === undefined ? undefined : this.refusal(request.provider, id, fault, read.body, payeeNumber);
    if (refused === 'drop') return 'drop';
    if (refused !== undefined) {
      if (refused.remembered) await this.remember(request.provider, id, refused);
      return refused.answer;
    }
    if (this.ledger.balance(request.provider, read.body.currency) < read.minor) return noFunds();
    return this.pay(request.provider, id, fault, read.body, request.callbackUrl);
  }

  /** POST /transactions/{ref}/reversals: the whole amount, once, at once. */
  async reverse(
    provider: string,
    reference: string,
    correlationId: string | undefined,
    body: unknown,
  ): Promise<Answer> {
    const id = this.freshId(provider, correlationId);
    if (typeof id !== 'string') return id;
    if (!isRecord(body) || body.type !== 'reversal')
      return errorAnswer('validation', 'mandatoryValueNotSupplied', 'type');
    const payment = this.ledger.payment(provider, reference);
    if (payment === undefined)
      return errorAnswer('identification', 'identifierError', 'transactionReference');
    if (body.amount !== undefined && body.amount !== payment.body.amount) {
      return errorAnswer('businessRule', 'incorrectState', 'Only the whole amount can be reversed.');
    }
    if (payment.state !== 'completed') return errorAnswer('businessRule', 'incorrectState', payment.state);
    const reversalReference = `${reference}R`;
    await this.completion.reverse(payment, reversalReference, id);
    return {
      status: 201,
      body: {
        type: 'reversal',
        transactionReference: reversalReference,
        originalTransactionReference: reference,
        transactionStatus: 'completed',
        amount: payment.body.amount,
        currency: payment.body.currency,
        creationDate: payment.changedAt,
      },
    };
  }

  private freshId(provider: string, correlationId: string | undefined): string | Answer {
    if (correlationId === undefined)
      return errorAnswer('validation', 'mandatoryValueNotSupplied', 'X-CorrelationID');
    if (!UUID.test(correlationId)) return errorAnswer('validation', 'formatError', 'X-CorrelationID');
    const id = correlationId.toLowerCase();
    if (this.ledger.known(provider, id) !== undefined || this.ledger.usedByReversal(provider, id)) {
      return errorAnswer('businessRule', 'duplicateRequest', 'This X-CorrelationID is known.');
    }
    return id;
  }

  private refusal(
    provider: string,
    id: string,
    fault: Fault,
    body: DisbursementBody,
    payeeNumber: string,
  ): 'drop' | Refused | undefined {
    const business = `${provider} ${payeeNumber} ${businessKey({ correlationId: id, body })}`;
    if (fault === 'unknown-account') {
      return { answer: errorAnswer('identification', 'identifierError', 'creditParty'), remembered: true };
    }
    if (fault === 'rate-limit-twice' && this.faults.strike(business, STRIKES)) {
      return {
        answer: errorAnswer('businessRule', 'rateLimitError', 'Too many requests.'),
        remembered: false,
      };
    }
    if (fault === 'busy-twice' && this.faults.strike(business, STRIKES)) {
      return { answer: errorAnswer('serviceUnavailable', 'genericError', 'Busy.'), remembered: false };
    }
    if (fault === 'drops-before-paying' && this.faults.strike(business, 1)) return 'drop';
    if (fault === 'daily-limit-once' && !this.ledger.wasLimited(provider, business)) {
      const answer = errorAnswer('businessRule', 'dailyValueLimitExceeded', 'Daily limit of the payee.');
      return { answer, remembered: true, limited: business };
    }
    return undefined;
  }

  /** A refusal for good burns the correlation id, also over a restart. */
  private async remember(provider: string, id: string, refused: Refused): Promise<void> {
    await this.completion.record({
      event: 'refused',
      provider,
      correlationId: id,
      serverCorrelationId: randomUUID(),
      ...(refused.limited === undefined ? {} : { limited: refused.limited }),
      error: refused.answer.body,
      at: new Date().toISOString(),
    });
  }

  private async pay(
    provider: string,
    id: string,
    fault: Fault | undefined,
    body: DisbursementBody,
    callbackUrl: string | undefined,
  ): Promise<SubmitResult> {
    const delayMs = this.completion.delayFor(fault);
    const now = Date.now();
    const transactionReference = this.ledger.nextReference();
    await this.completion.record({
      event: 'accepted',
      provider,
      correlationId: id,
      serverCorrelationId: randomUUID(),
      transactionReference,
      payee: body.creditParty[0]?.value ?? '',
      at: new Date(now).toISOString(),
      dueAt: now + delayMs,
      ...(callbackUrl === undefined ? {} : { callbackUrl }),
      executed: delayMs === 0,
      ...body,
    });
    const payment = this.ledger.payment(provider, transactionReference);
    if (payment === undefined) return errorAnswer('internal', 'genericError', 'The entry is gone.');
    return this.answerFor(payment, fault);
  }

  private async answerFor(payment: Payment, fault: Fault | undefined): Promise<SubmitResult> {
    // The synchronous flow: what is done already needs neither callback nor query.
    if (this.synchronous && fault === undefined && payment.state === 'completed')
      return completedAnswer(payment);
    if (fault === 'early-double-callback') {
      await this.callbacks.send(payment);
      await this.callbacks.send(payment);
    } else {
      this.completion.follow(payment, fault);
    }
    if (fault === 'pays-then-silent') return 'hold';
    if (fault === 'pays-then-500') return errorAnswer('internal', 'genericError', 'Something went wrong.');
    return acceptedAnswer(payment);
  }
}

function noFunds(): ErrorAnswer {
  return errorAnswer('businessRule', 'insufficientFunds', 'The balance of the payer is too small.');
}

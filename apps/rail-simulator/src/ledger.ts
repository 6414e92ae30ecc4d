import { exponentOf, toMinor, type DisbursementBody, type ErrorObject } from './gsma.message.js';
import type { JournalEntry } from './journal.js';
import type { StandingPayments } from './standing.js';

/** One disbursement that a provider accepted. */
export interface Payment {
  kind: 'payment';
  provider: string;
  correlationId: string;
  serverCorrelationId: string;
  transactionReference: string;
  body: DisbursementBody;
  minor: bigint;
  state: 'pending' | 'completed' | 'failed' | 'reversed';
  acceptedAt: string;
  changedAt: string;
  dueAt: number;
  callbackUrl: string | undefined;
  error?: ErrorObject;
}

/** A correlation id that was refused for good: it may not be used again. */
export interface Refusal {
  kind: 'refusal';
  provider: string;
  correlationId: string;
  serverCorrelationId: string;
  error: ErrorObject;
}

export interface Summary {
  /** Executed payments, also those reversed since. */
  payments: number;
  /** Accepted, neither executed nor failed. */
  pending: number;
  reversed: number;
  /** Payments (pending ones included) beyond the first per disbursement, over all rails; failed and reversed ones do not count. */
  double_payments: number;
  /** Executed, per currency, in minor units. */
  amount_minor: Record<string, string>;
  reversed_minor: Record<string, string>;
}

/** Key of the metadata entry that names the disbursement; the correlation id stands in where it is absent. */
const BUSINESS_KEY = 'disbursementId';

/** The books of all providers, in memory; built from the journal's entries and from nothing else. */
export class Ledger {
  private readonly books = new Map<string, Book>();
  private readonly byDisbursement = new Map<string, Payment[]>();
  private readonly counts = { accepted: 0, payments: 0, pending: 0, reversed: 0 };
  private readonly executedMinor = new Map<string, bigint>();
  private readonly reversedMinor = new Map<string, bigint>();

  constructor(
    private readonly openingBalanceMinor: bigint,
    private readonly standing: StandingPayments,
  ) {}

  /** The only way in: live entries and entries read back at start take the same path. */
  apply(entry: JournalEntry): void {
    if (entry.event === 'accepted') return this.accept(entry);
    if (entry.event === 'refused') return this.refuse(entry);
    const payment = this.payment(entry.provider, entry.transactionReference);
    if (payment === undefined)
      throw new Error(`No payment ${entry.transactionReference} at ${entry.provider}.`);
    payment.changedAt = entry.at;
    if (entry.event === 'executed') return this.execute(payment);
    this.release(payment);
    if (entry.event === 'failed') {
      this.counts.pending -= 1;
      payment.state = 'failed';
      payment.error = entry.error;
      return;
    }
    payment.state = 'reversed';
    this.counts.reversed += 1;
    add(this.reversedMinor, payment.body.currency, payment.minor);
    if (entry.correlationId !== undefined) this.book(entry.provider).reversalIds.add(entry.correlationId);
  }

  /** True where an earlier payment of the same disbursement failed. */
  failedBefore(payment: Payment): boolean {
    const others = this.byDisbursement.get(businessKey(payment)) ?? [];
    return others.some((other) => other !== payment && other.state === 'failed');
  }

  known(provider: string, correlationId: string): Payment | Refusal | undefined {
    return this.book(provider).byCorrelation.get(correlationId);
  }

  request(provider: string, serverCorrelationId: string): Payment | Refusal | undefined {
    return this.book(provider).byServer.get(serverCorrelationId);
  }

  payment(provider: string, transactionReference: string): Payment | undefined {
    return this.book(provider).byReference.get(transactionReference);
  }

  usedByReversal(provider: string, correlationId: string): boolean {
    return this.book(provider).reversalIds.has(correlationId);
  }

  /** True when a correlation id of this payee and disbursement has met the daily limit. */
  wasLimited(provider: string, limitKey: string): boolean {
    return this.book(provider).limited.has(limitKey);
  }

  /** Payments that have still to complete or to be reversed, read once after a start. */
  *all(): Iterable<Payment> {
    for (const book of this.books.values()) yield* book.byReference.values();
  }

  ofDisbursement(disbursementId: string): Payment[] {
    return this.byDisbursement.get(disbursementId) ?? [];
  }

  balance(provider: string, currency: string): bigint {
    return this.book(provider).balances.get(currency) ?? this.openingBalanceMinor;
  }

  balancesOf(provider: string): Map<string, bigint> {
    return this.book(provider).balances;
  }

  nextReference(): string {
    return `MM${String(this.counts.accepted + 1).padStart(10, '0')}`;
  }

  summary(): Summary {
    return {
      payments: this.counts.payments,
      pending: this.counts.pending,
      reversed: this.counts.reversed,
      double_payments: this.standing.doubles,
      amount_minor: asText(this.executedMinor),
      reversed_minor: asText(this.reversedMinor),
    };
  }

  private accept(entry: JournalEntry & { event: 'accepted' }): void {
    const { provider, correlationId, serverCorrelationId, transactionReference } = entry;
    const body = bodyOf(entry);
    const minor = toMinor(body.amount, exponentOf(body.currency) ?? 2) ?? 0n;
    const payment: Payment = {
      kind: 'payment',
      provider,
      correlationId,
      serverCorrelationId,
      transactionReference,
      body,
      minor,
      state: 'pending',
      acceptedAt: entry.at,
      changedAt: entry.at,
      dueAt: entry.dueAt,
      callbackUrl: entry.callbackUrl,
    };
    const book = this.book(provider);
    book.byCorrelation.set(correlationId, payment);
    book.byServer.set(serverCorrelationId, payment);
    book.byReference.set(transactionReference, payment);
    this.counts.accepted += 1;
    this.counts.pending += 1;
    const same = this.byDisbursement.get(businessKey(payment));
    if (same === undefined) this.byDisbursement.set(businessKey(payment), [payment]);
    else same.push(payment);
    this.standing.stand(businessKey(payment));
    this.move(payment, -minor);
    if (entry.executed) this.execute(payment);
  }

  private execute(payment: Payment): void {
    payment.state = 'completed';
    this.counts.pending -= 1;
    this.counts.payments += 1;
    add(this.executedMinor, payment.body.currency, payment.minor);
  }

  /** Gives the money back to the payer; called before the state changes. */
  private release(payment: Payment): void {
    this.standing.fall(businessKey(payment));
    this.move(payment, payment.minor);
  }

  private refuse(entry: JournalEntry & { event: 'refused' }): void {
    const refusal: Refusal = { kind: 'refusal', ...entry };
    const book = this.book(entry.provider);
    book.byCorrelation.set(entry.correlationId, refusal);
    book.byServer.set(entry.serverCorrelationId, refusal);
    if (entry.limited !== undefined) book.limited.add(entry.limited);
  }

  private move(payment: Payment, minor: bigint): void {
    const { currency } = payment.body;
    this.book(payment.provider).balances.set(currency, this.balance(payment.provider, currency) + minor);
  }

  private book(provider: string): Book {
    let book = this.books.get(provider);
    if (book === undefined) this.books.set(provider, (book = new Book()));
    return book;
  }
}

/** What one provider remembers. Correlation ids are kept in lower case. */
class Book {
  readonly byCorrelation = new Map<string, Payment | Refusal>();
  readonly byServer = new Map<string, Payment | Refusal>();
  readonly byReference = new Map<string, Payment>();
  readonly limited = new Set<string>();
  readonly reversalIds = new Set<string>();
  readonly balances = new Map<string, bigint>();
}

export function businessKey(payment: { correlationId: string; body: DisbursementBody }): string {
  return payment.body.metadata?.find((entry) => entry.key === BUSINESS_KEY)?.value ?? payment.correlationId;
}

function bodyOf(entry: DisbursementBody): DisbursementBody {
  const { amount, currency, creditParty, debitParty, descriptionText, metadata } = entry;
  const reference = entry.requestingOrganisationTransactionReference;
  return {
    ...(reference === undefined ? {} : { requestingOrganisationTransactionReference: reference }),
    amount,
    currency,
    creditParty,
    debitParty,
    ...(descriptionText === undefined ? {} : { descriptionText }),
    ...(metadata === undefined ? {} : { metadata }),
  };
}

export function add(sums: Map<string, bigint>, currency: string, minor: bigint): void {
  sums.set(currency, (sums.get(currency) ?? 0n) + minor);
}

export function asText(sums: Map<string, bigint>): Record<string, string> {
  return Object.fromEntries([...sums].map(([currency, minor]) => [currency, minor.toString()]));
}

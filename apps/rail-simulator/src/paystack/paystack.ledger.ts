import { add, asText, type Summary } from '../ledger.js';
import type { StandingPayments } from '../standing.js';
import type { RecipientRequest, TransferRequest, TransferStatus } from './paystack.message.js';

export interface Recipient extends RecipientRequest {
  id: number;
  code: string;
  at: string;
}

export interface Transfer extends TransferRequest {
  account: string;
  id: number;
  code: string;
  to: Recipient;
  status: TransferStatus;
  /** True once it was paid, also when it was taken back later. */
  executed: boolean;
  acceptedAt: string;
  changedAt: string;
  dueAt: number;
}

/** One line of paystack.jsonl. A payment is executed by the line that says `success`. */
export type PaystackEntry =
  | ({ event: 'recipient'; account: string } & Recipient)
  | ({
      event: 'accepted';
      account: string;
      id: number;
      code: string;
      status: TransferStatus;
      payee: string;
      at: string;
      dueAt: number;
    } & TransferRequest)
  | { event: 'moved'; account: string; reference: string; status: TransferStatus; at: string }
  | { event: 'otp'; account: string; required: boolean; at: string };

const OUT: ReadonlySet<TransferStatus> = new Set(['pending', 'received', 'otp', 'success']);
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;

/** The books of all Paystack accounts, in memory; built from the journal's entries and from nothing else. */
export class PaystackLedger {
  private readonly accounts = new Map<string, Account>();
  private readonly byDisbursement = new Map<string, Transfer[]>();
  private readonly executedMinor = new Map<string, bigint>();
  private readonly reversedMinor = new Map<string, bigint>();
  private counts = { payments: 0, pending: 0, reversed: 0, recipients: 0, transfers: 0 };

  constructor(
    private readonly openingBalanceMinor: bigint,
    private readonly standing: StandingPayments,
  ) {}

  /** The only way in: live entries and entries read back at start take the same path. */
  apply(entry: PaystackEntry): void {
    const account = this.account(entry.account);
    switch (entry.event) {
      case 'recipient':
        this.counts.recipients += 1;
        account.recipients.set(entry.code, entry);
        account.byDetails.set(detailsOf(entry), entry);
        return;
      case 'otp':
        account.otp = entry.required;
        return;
      case 'accepted':
        return this.accept(account, entry);
      case 'moved':
        return this.move(account, entry);
    }
  }

  account(name: string): Account {
    let account = this.accounts.get(name);
    if (account === undefined) this.accounts.set(name, (account = new Account()));
    return account;
  }

  balance(name: string, currency: string): bigint {
    return this.account(name).balances.get(currency) ?? this.openingBalanceMinor;
  }

  recipientOf(name: string, request: RecipientRequest): Recipient | undefined {
    return this.account(name).byDetails.get(detailsOf(request));
  }

  ofDisbursement(disbursementId: string): Transfer[] {
    return this.byDisbursement.get(disbursementId) ?? [];
  }

  /** True where an earlier transfer of the same disbursement failed. */
  failedBefore(transfer: TransferRequest): boolean {
    return this.ofDisbursement(businessKey(transfer)).some(
      (other) => other.reference !== transfer.reference && other.status === 'failed',
    );
  }

  *all(): Iterable<Transfer> {
    for (const account of this.accounts.values()) yield* account.transfers.values();
  }

  next(): { recipient: number; transfer: number } {
    return { recipient: this.counts.recipients + 1, transfer: this.counts.transfers + 1 };
  }

  summary(): Summary {
    const { payments, pending, reversed } = this.counts;
    return {
      payments,
      pending,
      reversed,
      double_payments: this.standing.doubles,
      amount_minor: asText(this.executedMinor),
      reversed_minor: asText(this.reversedMinor),
    };
  }

  private accept(account: Account, entry: PaystackEntry & { event: 'accepted' }): void {
    const { amount, recipient, reference, reason, currency, id, code, dueAt, at, status } = entry;
    const to = account.recipients.get(recipient);
    if (to === undefined) throw new Error(`No recipient ${recipient} at ${entry.account}.`);
    const transfer: Transfer = {
      ...{ amount, recipient, reference, reason, currency, id, code, dueAt, to, account: entry.account },
      status: 'pending',
      executed: false,
      acceptedAt: at,
      changedAt: at,
    };
    account.transfers.set(reference, transfer);
    this.counts.transfers += 1;
    this.counts.pending += 1;
    const key = businessKey(transfer);
    this.byDisbursement.set(key, [...this.ofDisbursement(key), transfer]);
    this.standing.stand(key);
    account.balances.set(currency, this.balance(entry.account, currency) - BigInt(amount));
    this.become(account, transfer, status);
  }

  private move(account: Account, { reference, status, at }: PaystackEntry & { event: 'moved' }): void {
    const transfer = account.transfers.get(reference);
    if (transfer === undefined) throw new Error(`No transfer ${reference}.`);
    transfer.changedAt = at;
    this.become(account, transfer, status);
  }

  private become(account: Account, transfer: Transfer, status: TransferStatus): void {
    const { currency } = transfer;
    const minor = BigInt(transfer.amount);
    const [wasOut, isOut] = [OUT.has(transfer.status), OUT.has(status)];
    if (wasOut && transfer.status !== 'success' && (status === 'success' || !isOut)) this.counts.pending -= 1;
    if (status === 'success' && !transfer.executed) {
      transfer.executed = true;
      this.counts.payments += 1;
      add(this.executedMinor, currency, minor);
    }
    if (status === 'reversed' && transfer.executed) {
      this.counts.reversed += 1;
      add(this.reversedMinor, currency, minor);
    }
    if (wasOut && !isOut) {
      this.standing.fall(businessKey(transfer));
      account.balances.set(currency, this.balance(transfer.account, currency) + minor);
    }
    transfer.status = status;
  }
}

/** What one Paystack account remembers. */
class Account {
  readonly recipients = new Map<string, Recipient>();
  readonly byDetails = new Map<string, Recipient>();
  readonly transfers = new Map<string, Transfer>();
  readonly balances = new Map<string, bigint>();
  /** Whether transfers wait for a one-time password. */
  otp = false;
}

/** The narration ends in the disbursement's id; the reference stands in where it does not. */
export function businessKey({ reason, reference }: { reason: string; reference: string }): string {
  return [...reason.matchAll(UUID)].at(-1)?.[0].toLowerCase() ?? reference;
}

function detailsOf({ type, account_number, bank_code, currency }: RecipientRequest): string {
  return JSON.stringify([type, account_number, bank_code, currency]);
}

import { exponentOf, toMinor } from '../gsma.message.js';
import { add, asText, type Summary } from '../ledger.js';
import type { StandingPayments } from '../standing.js';
import { statementText } from './bank.statement.js';
import type { OrderItem } from './bank.message.js';

/** One item of a file, as the journal has it. */
export interface JournalItem extends OrderItem {
  /** Code with which the first report refuses it. */
  refused?: string;
  /** Epoch milliseconds at which it is booked; absent where it was refused. */
  dueAt?: number;
}

export interface JournalGroup {
  groupId: string;
  payer: string;
  currency: string;
  refused?: string;
  items: JournalItem[];
}

/**
 * One line of bank.jsonl. Each leads to one answer file, whose number is `answer`. Money leaves the payer's account with
 * `booked`, and comes back with `returned`.
 */
export type BankEntry = { account: string; messageId: string; answer: number; at: string } & (
  | { event: 'file'; name: string; refused?: string; groups: JournalGroup[] }
  | { event: 'booked' | 'booked-again' | 'returned'; items: string[] }
  | { event: 'declined'; items: string[]; code: string }
);

export interface BankItem extends JournalItem {
  account: string;
  group: JournalGroup;
  minor: bigint;
  state: 'due' | 'booked' | 'returned' | 'refused';
  /** The bank's own number of the booking. */
  reference?: string;
  bookedAt?: string;
  returnedAt?: string;
}

export interface BankFile {
  messageId: string;
  name: string;
  groups: JournalGroup[];
  items: Map<string, BankItem>;
}

/** The books of the simulated bank, in memory; built from the journal's entries and from nothing else. */
export class BankLedger {
  private readonly accounts = new Map<string, Account>();
  private readonly byDisbursement = new Map<string, BankItem[]>();
  private readonly bookedMinor = new Map<string, bigint>();
  private readonly returnedMinor = new Map<string, bigint>();
  private counts = { payments: 0, pending: 0, reversed: 0, answers: 0 };

  constructor(
    private readonly openingBalanceMinor: bigint,
    private readonly standing: StandingPayments,
  ) {}

  /** The only way in: live entries and entries read back at start take the same path. */
  apply(entry: BankEntry): void {
    this.counts.answers = Math.max(this.counts.answers, entry.answer);
    const account = this.account(entry.account);
    if (entry.event === 'file') return this.take(account, entry);
    for (const item of this.itemsOf(entry)) {
      if (entry.event === 'declined') this.decline(account, item, entry.code);
      else if (entry.event === 'booked') this.book(item, entry.at);
      else if (entry.event === 'returned') this.giveBack(account, item, entry.at);
    }
  }

  /** The items that an entry names. @throws Error for one that no file brought. */
  itemsOf(entry: Exclude<BankEntry, { event: 'file' }>): BankItem[] {
    const file = this.account(entry.account).files.get(entry.messageId);
    return entry.items.map((id) => {
      const item = file?.items.get(id);
      if (item === undefined) throw new Error(`No item ${id} in file ${entry.messageId}.`);
      return item;
    });
  }

  file(account: string, messageId: string): BankFile | undefined {
    return this.account(account).files.get(messageId);
  }

  *all(): Iterable<[account: string, file: BankFile]> {
    for (const [name, { files }] of this.accounts) for (const file of files.values()) yield [name, file];
  }

  /** Whether this EndToEndId was taken before: never a second time. */
  knows(account: string, endToEndId: string): boolean {
    return this.account(account).taken.has(endToEndId);
  }

  /** True where an attempt of the same disbursement was refused with this code before. */
  refusedBefore(disbursement: string, code: string): boolean {
    return this.ofDisbursement(disbursement).some(({ refused }) => refused === code);
  }

  ofDisbursement(disbursement: string): BankItem[] {
    return this.byDisbursement.get(disbursement) ?? [];
  }

  balance(account: string, currency: string): bigint {
    return this.account(account).balances.get(currency) ?? this.openingBalanceMinor;
  }

  balancesOf(account: string): ReadonlyMap<string, bigint> {
    return this.account(account).balances;
  }

  /** The statement of a customer's account as it stands, with both balances. */
  statement(account: string, currency: string, at: string): string {
    const items = [...this.account(account).files.values()]
      .flatMap((file) => [...file.items.values()])
      .filter((item) => item.bookedAt !== undefined && item.group.currency === currency);
    const parts = { currency, exponent: exponentOf(currency) ?? 2, openingMinor: this.openingBalanceMinor };
    return statementText({ ...parts, items, at });
  }

  nextAnswer(): number {
    return this.counts.answers + 1;
  }

  summary(): Summary {
    const { payments, pending, reversed } = this.counts;
    return {
      payments,
      pending,
      reversed,
      double_payments: this.standing.doubles,
      amount_minor: asText(this.bookedMinor),
      reversed_minor: asText(this.returnedMinor),
    };
  }

  private take(account: Account, entry: BankEntry & { event: 'file' }): void {
    // A second file of this id is refused as a whole, and the first one stays what it is.
    if (entry.refused !== undefined) return;
    const items = new Map<string, BankItem>();
    for (const group of entry.groups) {
      for (const one of group.items) {
        const minor = toMinor(one.amount, exponentOf(group.currency) ?? 2) ?? 0n;
        const due = one.dueAt !== undefined;
        const item: BankItem = {
          ...{ ...one, account: entry.account, group, minor },
          state: due ? 'due' : 'refused',
        };
        if (due) this.reserve(account, item);
        // Of two items of one id the first is the one that counts.
        if (!items.has(one.endToEndId)) items.set(one.endToEndId, item);
        this.byDisbursement.set(one.disbursement, [...this.ofDisbursement(one.disbursement), item]);
      }
    }
    account.files.set(entry.messageId, {
      messageId: entry.messageId,
      name: entry.name,
      groups: entry.groups,
      items,
    });
  }

  private reserve(account: Account, item: BankItem): void {
    account.taken.add(item.endToEndId);
    this.counts.pending += 1;
    this.standing.stand(item.disbursement);
    this.move(account, item, -item.minor);
  }

  private book(item: BankItem, at: string): void {
    item.bookedAt = at;
    item.state = 'booked';
    this.counts.pending -= 1;
    this.counts.payments += 1;
    item.reference = `BK${String(this.counts.payments).padStart(10, '0')}`;
    add(this.bookedMinor, item.group.currency, item.minor);
  }

  private giveBack(account: Account, item: BankItem, at: string): void {
    item.returnedAt = at;
    item.state = 'returned';
    this.counts.reversed += 1;
    add(this.returnedMinor, item.group.currency, item.minor);
    this.standing.fall(item.disbursement);
    this.move(account, item, item.minor);
  }

  private decline(account: Account, item: BankItem, code: string): void {
    item.state = 'refused';
    item.refused = code;
    this.counts.pending -= 1;
    this.standing.fall(item.disbursement);
    this.move(account, item, item.minor);
  }

  private move(account: Account, { account: name, group }: BankItem, minor: bigint): void {
    account.balances.set(group.currency, this.balance(name, group.currency) + minor);
  }

  private account(name: string): Account {
    let account = this.accounts.get(name);
    if (account === undefined) this.accounts.set(name, (account = new Account()));
    return account;
  }
}

/** What the bank remembers of one customer: one login, one pair of folders. */
class Account {
  readonly files = new Map<string, BankFile>();
  readonly taken = new Set<string>();
  readonly balances = new Map<string, bigint>();
}

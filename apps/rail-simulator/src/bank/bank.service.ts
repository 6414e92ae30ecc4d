import { readFile } from 'node:fs/promises';
import type { Logger } from '@nestjs/common';
import { UnreadableFile } from '@gpo/xml';
import type { CompletionTimes } from '../completion.js';
import type { Fault, FaultBoard, ProviderFault } from '../faults.js';
import { exponentOf, toMinor } from '../gsma.message.js';
import type { Journal } from '../journal.js';
import { LaterSteps } from '../later-steps.js';
import { SeededRandom } from '../seeded-random.js';
import { answerName, answerText } from './bank.answers.js';
import type { BankFolders } from './bank.folders.js';
import type { BankEntry, BankFile, BankItem, BankLedger, JournalGroup, JournalItem } from './bank.ledger.js';
import { placingOf, type Placing } from './bank.placing.js';
import { readOrder, type Order, type OrderGroup, type OrderItem } from './bank.message.js';

const DAY_MS = 86_400_000;
const [UNREADABLE, SAME_FILE, SAME_ITEM, NO_FUNDS] = ['FF01', 'DU01', 'AM05', 'AM04'];
const [UNKNOWN_ACCOUNT, DAILY_LIMIT, CLOSED, ABORTED] = ['AC01', 'ED05', 'AC04', 'AB05'];

export interface BankParts {
  ledger: BankLedger;
  journal: Journal<BankEntry>;
  folders: BankFolders;
  faults: FaultBoard;
  times: CompletionTimes;
  log: Pick<Logger, 'warn'>;
  onFatal: (error: Error) => void;
}

/** What an entry says besides whose it is, which answer it leads to and when. */
type Said = BankEntry extends infer Entry
  ? Entry extends BankEntry
    ? Omit<Entry, 'account' | 'answer' | 'at'>
    : never
  : never;

/**
 * A bank that takes orders as files: reports on every file, books its items one by one, and tells of every booking. One
 * file after the other is collected, as banks do; what faults do is chosen by the payee's number.
 */
export class BankService {
  private readonly steps: LaterSteps;
  private readonly random: SeededRandom;
  /** Files are collected one after the other. */
  private last: Promise<void> = Promise.resolve();

  constructor(private readonly parts: BankParts) {
    this.random = new SeededRandom(parts.times.seed);
    this.steps = new LaterSteps((cause) =>
      parts.onFatal(new Error('A bank file could not be completed.', { cause })),
    );
  }

  /**
   * After a start: files that wait are collected, and what is due is booked.
   * @param untold entries whose answer was lost in a crash.
   */
  async resume(untold: readonly BankEntry[]): Promise<void> {
    const { folders, ledger } = this.parts;
    for (const entry of untold) await this.tell(entry);
    for (const account of await folders.accounts()) {
      await folders.open(account);
      for (const name of await folders.waiting(account)) await this.collectLeft(account, name);
    }
    for (const [account, file] of ledger.all()) this.follow(account, file);
  }

  /** The fault that the next request of this customer meets, armed by a test. */
  trouble(account: string): ProviderFault | undefined {
    return this.parts.faults.next(account);
  }

  /** What happens to the connection when this file gets its final name; asked before the rename. */
  async placing(account: string, path: string): Promise<Placing> {
    return placingOf(account, await this.read(await readFile(path)), this.parts.faults);
  }

  /** The file has its final name. */
  collectLater(account: string, name: string): void {
    this.last = this.last.then(() =>
      this.collect(account, name).catch((cause: unknown) =>
        this.parts.onFatal(new Error('A bank file could not be collected.', { cause })),
      ),
    );
  }

  /** Ends the steps to come, and resolves when none is being taken and no file is being collected. */
  async close(): Promise<void> {
    const taken = this.steps.close();
    await this.last;
    await taken;
  }

  private async read(bytes: Buffer): Promise<Order> {
    try {
      return await readOrder(bytes);
    } catch (error) {
      if (!(error instanceof UnreadableFile)) throw error;
      this.parts.log.warn(`a file cannot be read: ${error.message}`);
      return { messageId: '', groups: [], refused: UNREADABLE };
    }
  }

  private async collect(account: string, name: string): Promise<void> {
    const { folders, ledger } = this.parts;
    const order = await this.read(await folders.read(account, name));
    const known = ledger.file(account, order.messageId) !== undefined;
    const refused = order.refused ?? (known ? SAME_FILE : undefined);
    await this.say(account, {
      ...{ event: 'file', messageId: order.messageId, name },
      ...(refused === undefined ? { groups: this.judge(account, order.groups) } : { refused, groups: [] }),
    });
    const file = refused === undefined ? ledger.file(account, order.messageId) : undefined;
    if (file !== undefined) this.follow(account, file);
    await folders.remove(account, name);
  }

  /** A file that lay there when the process began: taken already, where a crash came before it was removed. */
  private async collectLeft(account: string, name: string): Promise<void> {
    const { folders, ledger } = this.parts;
    const { messageId } = await this.read(await folders.read(account, name));
    if (ledger.file(account, messageId)?.name === name) await folders.remove(account, name);
    else this.collectLater(account, name);
  }

  /** Everything up to the journal's entry happens in one tick. */
  private judge(account: string, groups: readonly OrderGroup[]): JournalGroup[] {
    const now = Date.now();
    const usual = Math.round(this.parts.times.delayMs * (0.5 + this.random.next()));
    const seen = new Set<string>();
    return groups.map((group) => {
      const faults = group.items.map((item) => this.parts.faults.of(item.payee));
      const empty =
        faults.some((fault) => this.parts.faults.outOfFunds(account, fault)) ||
        this.parts.ledger.balance(account, group.currency) < sumOf(group);
      const refuse = (item: OrderItem, fault: Fault | undefined): string | undefined => {
        const twice = this.parts.ledger.knows(account, item.endToEndId) || seen.has(item.endToEndId);
        seen.add(item.endToEndId);
        return empty ? NO_FUNDS : twice ? SAME_ITEM : this.refusal(item, fault);
      };
      const items = group.items.map((item, index): JournalItem => {
        const refused = refuse(item, faults[index]);
        return refused === undefined
          ? { ...item, dueAt: now + this.delay(faults[index], usual) }
          : { ...item, refused };
      });
      const { groupId, payer, currency } = group;
      return { groupId, payer, currency, items, ...(empty ? { refused: NO_FUNDS } : {}) };
    });
  }

  private refusal(item: OrderItem, fault: Fault | undefined): string | undefined {
    if (fault === 'unknown-account') return UNKNOWN_ACCOUNT;
    const limited = fault === 'daily-limit-once';
    return limited && !this.parts.ledger.refusedBefore(item.disbursement, DAILY_LIMIT)
      ? DAILY_LIMIT
      : undefined;
  }

  private delay(fault: Fault | undefined, usual: number): number {
    if (fault === 'slow') return this.parts.times.slowMs;
    return fault === 'answers-after-a-day' ? DAY_MS : usual;
  }

  /** Schedules what is still to come of a file. */
  private follow(account: string, file: BankFile): void {
    const due = new Set<number>();
    for (const item of file.items.values()) {
      if (item.state === 'due') due.add(item.dueAt!);
      else if (item.state === 'booked' && this.isReturned(item)) this.returnLater(account, file, [item]);
    }
    for (const at of due) this.steps.add(at - Date.now(), () => this.finish(account, file, at));
  }

  /** Books or declines the items that are due at this time: one answer for all of a kind. */
  private async finish(account: string, file: BankFile, dueAt: number): Promise<void> {
    const { faults, ledger } = this.parts;
    const items = [...file.items.values()].filter((item) => item.state === 'due' && item.dueAt === dueAt);
    const codeOf = (item: BankItem): string | undefined => {
      const fault = faults.of(item.payee);
      if (fault === 'fails-after-accepting') return CLOSED;
      const outage = fault === 'outage-once' && !ledger.refusedBefore(item.disbursement, ABORTED);
      return outage ? ABORTED : undefined;
    };
    const codes = new Map(items.map((item) => [item, codeOf(item)]));
    const { messageId } = file;
    for (const code of [CLOSED, ABORTED]) {
      const declined = items.filter((item) => codes.get(item) === code);
      if (declined.length > 0)
        await this.say(account, { event: 'declined', messageId, items: idsOf(declined), code });
    }
    const booked = items.filter((item) => codes.get(item) === undefined);
    if (booked.length > 0) await this.say(account, { event: 'booked', messageId, items: idsOf(booked) });
    const again = booked.filter((item) => faults.of(item.payee) === 'early-double-callback');
    if (again.length > 0) await this.say(account, { event: 'booked-again', messageId, items: idsOf(again) });
    const back = booked.filter((item) => this.isReturned(item));
    if (back.length > 0) this.returnLater(account, file, back);
  }

  private isReturned(item: BankItem): boolean {
    return this.parts.faults.of(item.payee) === 'returned-later';
  }

  private returnLater(account: string, { messageId }: BankFile, items: readonly BankItem[]): void {
    this.steps.add(this.parts.times.returnAfterMs, () =>
      this.say(account, { event: 'returned', messageId, items: idsOf(items) }),
    );
  }

  /** Books the entry in this tick, then journal, then answer: what was told stands in the books. */
  private async say(account: string, said: Said): Promise<void> {
    const { ledger, journal } = this.parts;
    const answer = ledger.nextAnswer();
    const entry: BankEntry = { ...said, account, answer, at: new Date().toISOString() };
    ledger.apply(entry);
    await journal.append(entry);
    await this.tell(entry);
  }

  private async tell(entry: BankEntry): Promise<void> {
    const items = entry.event === 'file' ? [] : this.parts.ledger.itemsOf(entry);
    await this.parts.folders.open(entry.account);
    await this.parts.folders.answer(entry.account, answerName(entry), answerText(entry, items));
  }
}

function idsOf(items: readonly BankItem[]): string[] {
  return items.map(({ endToEndId }) => endToEndId);
}

function sumOf({ currency, items }: OrderGroup): bigint {
  const exponent = exponentOf(currency) ?? 2;
  return items.reduce((sum, { amount }) => sum + (toMinor(amount, exponent) ?? 0n), 0n);
}

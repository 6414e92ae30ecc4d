import { RowCopy, type Sql } from '@gpo/persistence';
import { moveCounters, type CounterMove } from '../outcome/counters.repository.js';
import { voidFirstAttempts } from '../outcome/outcome.repository.js';
import { insertResolveRanges } from '../mapper/resolve.repository.js';
import type { Sender } from '../senders/sender.js';
import { LINE_COLUMNS, growBatch, insertRanges, rowOf, type NewLine } from './batch.repository.js';
import { flagDuplicatePayees } from './duplicate-payee.js';
import { insertRefusedLines, type NewRefusedLine } from './refused-line.repository.js';
import type { LinePart } from './submission.js';

/** Where lines go. */
export interface LineTarget {
  sender: Sender;
  batchId: string;
  /** Lines that the batch has already. */
  before: number;
  channel: 'rest' | 'kafka';
  /** Tells refused lines to the batch's address; undefined where it has none. */
  tellRefused: ((lineNos: readonly number[]) => Promise<void>) | undefined;
  /** Some sender compares payees with everybody's. */
  comparesAllPayees: boolean;
}

/** What was stored. */
export interface Stored {
  /** Lines, good and bad. */
  count: number;
  /** Disbursements. */
  added: number;
  duplicatePayees: number;
}

// Refused lines are kept as they came; so many of them at once are nothing to memory.
const REFUSED_AT_ONCE = 1000;

/**
 * Writes numbered lines to a batch whose row the transaction holds, with all that belongs to them. The database takes
 * lines while the next ones are being read.
 */
export class LineWriter {
  private copy: RowCopy | undefined;
  private now: string | undefined;
  private part = emptyPart();
  private readonly stored: Stored = { count: 0, added: 0, duplicatePayees: 0 };

  /** @param sql a running transaction, which can run nothing else until `finish`. */
  constructor(
    private readonly sql: Sql,
    private readonly target: LineTarget,
  ) {}

  /** Writes everything that is read from `slices`. @throws what reading throws; the transaction is to be rolled back. */
  async writeAll(slices: AsyncIterable<LinePart> | Iterable<LinePart>): Promise<Stored> {
    try {
      for await (const slice of slices) {
        await this.write(slice);
        if (this.part.refused.length >= REFUSED_AT_ONCE) await this.finish();
      }
      await this.finish();
    } catch (error) {
      await this.copy?.abandon();
      throw error;
    }
    return this.stored;
  }

  private async write({ lines, refused }: LinePart): Promise<void> {
    this.part.refused.push(...refused);
    this.part.count += lines.length + refused.length;
    if (lines.length === 0) return;
    this.now ??= (await this.sql.query<{ now: string }[]>('SELECT now()::text AS now'))[0]!.now;
    this.copy ??= await RowCopy.open(this.sql, LINE_COLUMNS);
    const { batchId, channel } = this.target;
    const now = this.now;
    await this.copy.write(lines.map((line) => rowOf(batchId, line, now)));
    for (const line of lines) this.count(line);
    this.part.hasUnresolved ||= lines.some(({ unresolved }) => unresolved === true);
    this.part.added += lines.length;
    if (channel === 'rest') return;
    for (const { lineNo, routed } of lines) if (routed !== true) this.part.unrouted.push(lineNo);
    // A direct record is on its way already: attempt 1 is void before any rule can let it pass.
    for (const { disbursementId, violations } of lines)
      if (violations.length > 0) this.part.bad.push(disbursementId);
  }

  /** One move per currency, however many lines there are. */
  private count({ currencyCode, amountMinor }: NewLine): void {
    const { moves } = this.part;
    let move = moves.get(currencyCode);
    if (move === undefined) {
      move = { batchId: this.target.batchId, state: 'received', currencyCode, lines: 0, amountMinor: 0n };
      moves.set(currencyCode, move);
    }
    move.lines += 1;
    move.amountMinor += amountMinor ?? 0n;
  }

  /** What belongs to the lines written since the last time. */
  private async finish(): Promise<void> {
    const { count, added, refused, bad, unrouted, moves, hasUnresolved } = this.part;
    if (count === 0) return;
    const { copy } = this;
    this.copy = undefined;
    await copy?.end();
    if (bad.length > 0) await voidFirstAttempts(this.sql, bad);
    const { sender, batchId, channel, comparesAllPayees } = this.target;
    const first = this.target.before + this.stored.count + 1;
    const last = first + count - 1;
    const range = { senderId: sender.id, batchId, firstLine: first, lastLine: last };
    const flagged = await flagDuplicatePayees(this.sql, range, sender.duplicate_payee, comparesAllPayees);
    await insertRanges(this.sql, batchId, { first, last }, channel === 'kafka' ? unrouted : undefined);
    if (hasUnresolved) await insertResolveRanges(this.sql, range);
    const malformed = await this.refuse(refused);
    await growBatch(this.sql, batchId, count, channel);
    await moveCounters(this.sql, 0, [...moves.values(), ...malformed]);
    this.stored.count += count;
    this.stored.added += added;
    this.stored.duplicatePayees += flagged;
    this.part = emptyPart();
  }

  private async refuse(refused: readonly NewRefusedLine[]): Promise<CounterMove[]> {
    if (refused.length === 0) return [];
    const { batchId, tellRefused } = this.target;
    await insertRefusedLines(this.sql, batchId, refused);
    await tellRefused?.(refused.map(({ lineNo }) => lineNo));
    return [{ batchId, state: 'malformed', currencyCode: '', lines: refused.length, amountMinor: 0n }];
  }
}

function emptyPart() {
  return {
    count: 0,
    added: 0,
    refused: [] as NewRefusedLine[],
    moves: new Map<string, CounterMove>(),
    bad: [] as string[],
    unrouted: [] as number[],
    hasUnresolved: false,
  };
}

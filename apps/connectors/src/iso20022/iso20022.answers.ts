import { UnreadableFile } from '@gpo/xml';
import type { CollectHooks } from '../connector.js';
import { LaneStopped } from '../rail-error.js';
import type { LostItems } from './lost-items.js';
import type { AnswerEntry, BankFiles, KeptItem, LaneTrouble, Said } from './bank-files.js';
import { StepRefused, type BankSession } from './iso20022.client.js';
import type { Iso20022Config } from './iso20022.config.js';
import { endToEndId, railIdOf } from './iso20022.mapping.js';
import { looksLikeMt940, readMt940 } from './iso20022.mt940.js';
import { entryMeaning, rankOf, statusMeaning, type Meaning } from './iso20022.outcome.mapping.js';
import { readAnswer, type AnswerFile, type BankWord } from './iso20022.status.js';

/** Answers read in one round; the rest follows at once. */
const ROUND_MAX = 20;
const NO_SUCH_FILE = 2;
/** Names of files that are still being written, in the habits of the usual programs. */
const UNFINISHED = /^\.|\.(tmp|part|filepart|writing|swp)$/i;

/** Reads the bank's answer folder into the record, each answer once; reading one twice changes nothing. */
export class AnswerReader {
  constructor(
    private readonly config: Iso20022Config,
    private readonly files: BankFiles,
    private readonly lost: LostItems,
  ) {}

  /** @returns whether there are more unread answers. */
  async collect(session: BankSession, hooks: CollectHooks): Promise<boolean> {
    const entries = (await this.list(session)).filter(({ name }) => !UNFINISHED.test(name));
    const unread = (await this.files.unread(entries)).sort(byTime);
    for (const entry of unread.slice(0, ROUND_MAX)) await this.readOne(session, entry, hooks);
    const silence = await this.silence();
    if (silence !== undefined) await hooks.stop(silence);
    return unread.length > ROUND_MAX;
  }

  /** Whether the bank has left answers that nobody has read. */
  async hasUnread(session: BankSession): Promise<boolean> {
    const entries = (await this.list(session)).filter(({ name }) => !UNFINISHED.test(name));
    return (await this.files.unread(entries)).length > 0;
  }

  /** A bank that agreed to acknowledge every file and does not: what we send now may lie there unseen. */
  async silence(): Promise<LaneTrouble | undefined> {
    const { acknowledgedWithinMs: afterMs } = this.config;
    const messageId = afterMs === 0 ? undefined : await this.files.unacknowledged(afterMs);
    if (messageId === undefined) return undefined;
    return { kind: 'configuration', message: `the bank has not acknowledged file ${messageId} in time` };
  }

  private async list(session: BankSession): Promise<AnswerEntry[]> {
    try {
      return await session.list(this.config.answersFolder);
    } catch (cause) {
      if (!(cause instanceof StepRefused)) throw cause;
      throw new LaneStopped('configuration', 'settings.answersFolder cannot be listed', { cause });
    }
  }

  /** Counts as read only after everything it leads to is in the record: a crash before that reads it again. */
  private async readOne(session: BankSession, entry: AnswerEntry, hooks: CollectHooks): Promise<void> {
    const refuse = async (why: string): Promise<void> => {
      hooks.alarm(`answer ${entry.name} is not used: ${why}`);
      await this.files.keepRead(entry, 'unreadable', why);
    };
    if (entry.size > this.config.answerBytesMax) return refuse('it is larger than settings.answerBytesMax');
    const bytes = await this.fetch(session, entry);
    if (bytes === undefined) return;
    let answer: AnswerFile;
    try {
      answer = looksLikeMt940(bytes) ? readMt940(bytes) : await readAnswer(bytes);
    } catch (error) {
      if (!(error instanceof UnreadableFile)) throw error;
      return refuse(error.message);
    }
    await this.apply(answer.words, hooks);
    await this.files.keepRead(entry, answer.kind === '' ? 'other' : answer.kind);
  }

  /** Undefined for one that is gone, or is still being written. */
  private async fetch(session: BankSession, entry: AnswerEntry): Promise<Buffer | undefined> {
    try {
      const bytes = await session.read(`${this.config.answersFolder}/${entry.name}`);
      return bytes.length === entry.size ? bytes : undefined;
    } catch (error) {
      if (error instanceof StepRefused && error.status === NO_SUCH_FILE) return undefined;
      throw error;
    }
  }

  private async apply(words: readonly BankWord[], hooks: CollectHooks): Promise<void> {
    const items = await this.itemsIn(words);
    const said = new Map<string, Said>();
    const named = new Set<string>();
    const troubles = new Map<string, LaneTrouble>();
    for (const word of words) {
      for (const item of itemsOf(word, items)) {
        named.add(item.messageId);
        const meaning = this.meaningOf(word, item);
        const before = said.get(item.railId);
        const twice = bookedTwice(before ?? item.said, meaning.said);
        if (twice !== undefined) hooks.alarm(`${endToEndId(item.railId)}: ${twice}`);
        if (before === undefined || rankOf(meaning.said.kind) >= rankOf(before.kind))
          said.set(item.railId, meaning.said);
        if (meaning.alarm !== undefined) hooks.alarm(meaning.alarm);
        if (meaning.trouble !== undefined) troubles.set(item.messageId, meaning.trouble);
      }
    }
    await this.lost.keep(ofUnknownItems(words, items));
    await this.files.placed([...named], 'bank');
    await this.files.say([...said].map(([railId, one]) => ({ railId, said: one })));
    for (const [messageId, trouble] of troubles) {
      await this.files.keepTrouble(messageId, trouble);
      await hooks.stop(trouble);
    }
    if (said.size > 0) await hooks.wake([...said.keys()]);
  }

  private meaningOf(word: BankWord, item: KeptItem): Meaning {
    return word.kind === 'entry' ? entryMeaning(word, item) : statusMeaning(word, this.config);
  }

  /** Every item of ours that these words may be about. Others use the same account too; theirs are none of our business. */
  private async itemsIn(words: readonly BankWord[]): Promise<KeptItem[]> {
    const railIds = words.flatMap(
      ({ endToEndId = '' }: { endToEndId?: string }) => railIdOf(endToEndId) ?? [],
    );
    const whole = words.flatMap((word) =>
      word.kind === 'status' && word.level !== 'item' ? (word.messageId ?? []) : [],
    );
    const found = await this.files.find([...new Set(railIds)]);
    const items = [
      ...(await this.files.itemsOf([...new Set(whole)])),
      ...[...found.values()].map(({ item }) => item),
    ];
    return [...new Map(items.map((item) => [item.railId, item])).values()];
  }
}

function byTime(a: AnswerEntry, b: AnswerEntry): number {
  return a.modifiedAt - b.modifiedAt || (a.name < b.name ? -1 : 1);
}

/** A word about one item must also name that item's file, where it names one at all. */
function itemsOf(word: BankWord, items: readonly KeptItem[]): KeptItem[] {
  if (word.kind === 'status' && word.level !== 'item')
    return items.filter(({ messageId, groupId }) => {
      return messageId === word.messageId && (word.level === 'file' || groupId === word.groupId);
    });
  const railId = railIdOf(word.endToEndId ?? '');
  const messageId = word.kind === 'status' ? word.messageId : undefined;
  return items.filter((item) => item.railId === railId && (messageId ?? item.messageId) === item.messageId);
}

/** Words about ids in the form of ours that the record has no item for. */
function ofUnknownItems(
  words: readonly BankWord[],
  items: readonly KeptItem[],
): { railId: string; word: BankWord }[] {
  const known = new Set(items.map(({ railId }) => railId));
  return words.flatMap((word) => {
    const railId = word.endToEndId === undefined ? undefined : railIdOf(word.endToEndId);
    return railId === undefined || known.has(railId) ? [] : [{ railId, word }];
  });
}

/** One payment, two debits: each booking has a reference of its own, and a booking that is told again has the same. */
function bookedTwice(before: Said | null | undefined, now: Said): string | undefined {
  if (before?.kind !== 'settled' || now.kind !== 'settled') return undefined;
  const [first, second] = [before.reference, now.reference];
  if (first === undefined || second === undefined || first === second) return undefined;
  return `booked as ${first} and again as ${second}: the bank may have paid twice`;
}

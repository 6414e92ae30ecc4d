import { randomUUID } from 'node:crypto';
import type { AnswerEntry, BankFiles, KeptFile, KeptItem, LaneTrouble, Said } from './bank-files.js';
import type { FilePlan } from './iso20022.mapping.js';
import { rankOf } from './iso20022.outcome.mapping.js';

interface Row extends KeptFile {
  order: number;
  placedAt?: number;
  acknowledged: boolean;
  trouble?: LaneTrouble & { order: number };
}

/** The record of rigs without a database; both pass the same tests (bank-files.contract-spec.ts). */
export class MemoryBankFiles implements BankFiles {
  private readonly files = new Map<string, Row>();
  private readonly items = new Map<string, KeptItem>();
  private readonly read = new Set<string>();
  private clock = 0;

  find(railIds: readonly string[]): Promise<ReadonlyMap<string, { item: KeptItem; file: KeptFile }>> {
    const found = new Map<string, { item: KeptItem; file: KeptFile }>();
    for (const railId of railIds) {
      const item = this.items.get(railId);
      if (item === undefined) continue;
      const { messageId, fileName, claim, state } = this.files.get(item.messageId)!;
      found.set(railId, { item: { ...item }, file: { messageId, fileName, claim, state } });
    }
    return Promise.resolve(found);
  }

  prepare({ messageId, fileName, groups }: FilePlan): Promise<KeptFile> {
    const items = groups.flatMap(({ groupId, items: own }) => own.map((item) => ({ groupId, item })));
    if (this.files.has(messageId) || items.some(({ item }) => this.items.has(item.railId)))
      return Promise.reject(new Error('an attempt is in another file'));
    const file: KeptFile = { messageId, fileName, claim: randomUUID(), state: 'prepared' };
    this.files.set(messageId, { ...file, order: (this.clock += 1), acknowledged: false });
    for (const { groupId, item } of items) {
      const { railId, amountMinor, currency, exponent } = item;
      this.items.set(railId, {
        railId,
        messageId,
        groupId,
        amountMinor,
        currency,
        exponent,
        said: undefined,
      });
    }
    return Promise.resolve(file);
  }

  placing({ messageId, claim }: KeptFile): Promise<boolean> {
    const row = this.files.get(messageId);
    if (row?.claim !== claim || row.state !== 'prepared') return Promise.resolve(false);
    row.state = 'placing';
    return Promise.resolve(true);
  }

  placed(messageIds: readonly string[], by: 'us' | 'bank'): Promise<void> {
    for (const row of messageIds.map((id) => this.files.get(id)).filter((one) => one !== undefined)) {
      row.state = 'placed';
      row.placedAt ??= Date.now();
      row.acknowledged ||= by === 'bank';
    }
    return Promise.resolve();
  }

  discard({ messageId, claim, state }: KeptFile): Promise<boolean> {
    const row = this.files.get(messageId);
    if (row?.claim !== claim || row.state !== state || state === 'placed') return Promise.resolve(false);
    this.files.delete(messageId);
    for (const item of [...this.items.values()])
      if (item.messageId === messageId) this.items.delete(item.railId);
    return Promise.resolve(true);
  }

  itemsOf(messageIds: readonly string[]): Promise<KeptItem[]> {
    return Promise.resolve(
      [...this.items.values()].filter(({ messageId }) => messageIds.includes(messageId)),
    );
  }

  say(words: readonly { railId: string; said: Said }[]): Promise<void> {
    for (const { railId, said } of words) {
      const item = this.items.get(railId);
      if (item === undefined) continue;
      const [old, rank] = [item.said === undefined ? -1 : rankOf(item.said.kind), rankOf(said.kind)];
      if (rank > old || (rank === 0 && old === 0)) item.said = said;
    }
    return Promise.resolve();
  }

  keepTrouble(messageId: string, trouble: LaneTrouble): Promise<void> {
    const row = this.files.get(messageId);
    if (row !== undefined) row.trouble ??= { ...trouble, order: this.clock };
    return Promise.resolve();
  }

  openTrouble(): Promise<LaneTrouble | undefined> {
    const rows = [...this.files.values()];
    const open = rows
      .flatMap(({ trouble }) => trouble ?? [])
      .filter(({ order }) => !rows.some((row) => row.state === 'placed' && row.order > order))
      .at(-1);
    return Promise.resolve(open && { kind: open.kind, message: open.message });
  }

  unacknowledged(afterMs: number): Promise<string | undefined> {
    const before = Date.now() - afterMs;
    const silent = [...this.files.values()].find(
      (row) => !row.acknowledged && (row.placedAt ?? Infinity) < before,
    );
    return Promise.resolve(silent?.messageId);
  }

  unread(entries: readonly AnswerEntry[]): Promise<AnswerEntry[]> {
    return Promise.resolve(entries.filter((entry) => !this.read.has(keyOf(entry))));
  }

  keepRead(entry: AnswerEntry): Promise<void> {
    this.read.add(keyOf(entry));
    return Promise.resolve();
  }
}

function keyOf({ name, size, modifiedAt }: AnswerEntry): string {
  return JSON.stringify([name, size, modifiedAt]);
}

import { RESTORED, type Sql } from '@gpo/persistence';
import type { KeptItem } from './bank-files.js';
import { entryMeaning, rankOf, statusMeaning } from './iso20022.outcome.mapping.js';
import type { BankWord } from './iso20022.status.js';

/** What the bank says of items that our record does not know, because a restore took them from it (docs/restore.md). */
export interface LostItems {
  /** Whether the record was restored a while ago, so that it may lack items. */
  possible(): Promise<boolean>;
  /** Keeps words about ids that no file of the record has; does nothing where nothing can be lost. */
  keep(words: readonly { railId: string; word: BankWord }[]): Promise<void>;
  /** The item as the bank's words leave it; undefined where the bank said nothing about it. */
  find(railId: string): Promise<KeptItem | undefined>;
}

/** Where there is no record that could be restored. */
export const NOTHING_LOST: LostItems = {
  possible: () => Promise.resolve(false),
  keep: () => Promise.resolve(),
  find: () => Promise.resolve(undefined),
};

interface LostRow {
  amount_minor: string;
  currency_code: string;
  exponent: number;
  words: BankWord[];
}

export class LostItemRepository implements LostItems {
  constructor(
    private readonly sql: Sql,
    private readonly lane: string,
    private readonly agreed: { acccSettles: boolean },
  ) {}

  async possible(): Promise<boolean> {
    const [row] = await this.sql.query<{ sent_to: Date | null }[]>(RESTORED);
    return row!.sent_to !== null;
  }

  async keep(words: readonly { railId: string; word: BankWord }[]): Promise<void> {
    if (words.length === 0 || !(await this.possible())) return;
    await this.sql.query(
      `INSERT INTO lost_item_word (lane, rail_id, word) SELECT $1, u.rail_id, u.word
         FROM unnest($2::uuid[], $3::jsonb[]) AS u (rail_id, word) ON CONFLICT DO NOTHING`,
      [this.lane, words.map(({ railId }) => railId), words.map(({ word }) => JSON.stringify(word))],
    );
  }

  async find(railId: string): Promise<KeptItem | undefined> {
    const [row] = await this.sql.query<LostRow[]>(
      `SELECT d.amount_minor, d.currency_code, d.exponent, w.words
         FROM attempt a JOIN disbursement d USING (disbursement_id)
         CROSS JOIN LATERAL (SELECT jsonb_agg(word ORDER BY heard_at, word_id) AS words FROM lost_item_word w
                              WHERE w.lane = $1 AND w.rail_id = a.rail_id) w
        WHERE a.rail_id = $2 AND a.lane = $1 AND w.words IS NOT NULL LIMIT 1`,
      [this.lane, railId],
    );
    if (row === undefined) return undefined;
    const { amount_minor, currency_code: currency, exponent, words } = row;
    const item: KeptItem = {
      ...{ railId, messageId: '', groupId: '', amountMinor: BigInt(amount_minor), currency, exponent },
      said: undefined,
    };
    for (const word of words) {
      const { said } = word.kind === 'entry' ? entryMeaning(word, item) : statusMeaning(word, this.agreed);
      if (item.said === undefined || rankOf(said.kind) >= rankOf(item.said.kind)) item.said = said;
    }
    return item;
  }
}

import { randomUUID } from 'node:crypto';
import type { Sql } from '@gpo/persistence';
import type {
  AnswerEntry,
  BankFiles,
  FileState,
  KeptFile,
  KeptItem,
  LaneTrouble,
  Said,
} from './bank-files.js';
import type { FilePlan } from './iso20022.mapping.js';

interface ItemRow {
  rail_id: string;
  message_id: string;
  group_id: string;
  amount_minor: string;
  currency_code: string;
  exponent: number;
  said: Said | null;
  file_name: string;
  claim: string;
  state: FileState;
}

/** Keeps the planner from turning a look-up of each key into a walk over everything that the lane ever sent. */
const ONE_BY_ONE = 'OFFSET 0';
const WITH_ITS_FILE = `CROSS JOIN LATERAL (
  SELECT * FROM bank_file WHERE lane = i.lane AND message_id = i.message_id ${ONE_BY_ONE}) f`;
const ITEM_COLUMNS = `i.rail_id, i.message_id, i.group_id, i.amount_minor, i.currency_code, i.exponent, i.said,
  f.file_name, f.claim, f.state`;

/** Files, items and answers of one lane, in the record. */
export class BankFileRepository implements BankFiles {
  constructor(
    private readonly sql: Sql,
    private readonly lane: string,
  ) {}

  async find(railIds: readonly string[]): Promise<ReadonlyMap<string, { item: KeptItem; file: KeptFile }>> {
    if (railIds.length === 0) return new Map();
    const rows = await this.sql.query<ItemRow[]>(
      `SELECT ${ITEM_COLUMNS} FROM unnest($2::uuid[]) AS k(rail_id)
         CROSS JOIN LATERAL (
           SELECT * FROM bank_file_item WHERE lane = $1 AND rail_id = k.rail_id ${ONE_BY_ONE}) i
         ${WITH_ITS_FILE}`,
      [this.lane, railIds],
    );
    return new Map(rows.map((row) => [row.rail_id, { item: itemOf(row), file: fileOf(row) }]));
  }

  async itemsOf(messageIds: readonly string[]): Promise<KeptItem[]> {
    if (messageIds.length === 0) return [];
    const rows = await this.sql.query<ItemRow[]>(
      `SELECT ${ITEM_COLUMNS} FROM unnest($2::text[]) AS k(message_id)
         CROSS JOIN LATERAL (
           SELECT * FROM bank_file_item WHERE lane = $1 AND message_id = k.message_id ${ONE_BY_ONE}) i
         ${WITH_ITS_FILE}`,
      [this.lane, messageIds],
    );
    return rows.map(itemOf);
  }

  /** One statement: either the file and all its items are kept, or nothing is. */
  async prepare({ messageId, fileName, groups }: FilePlan, createdAt: Date): Promise<KeptFile> {
    const claim = randomUUID();
    const items = groups.flatMap(({ groupId, items: own }) => own.map((item) => ({ ...item, groupId })));
    await this.sql.query(
      `WITH f AS (
         INSERT INTO bank_file (lane, message_id, file_name, claim, state, created_at)
         VALUES ($1, $2, $3, $4, 'prepared', $5) RETURNING lane, message_id)
       INSERT INTO bank_file_item (lane, message_id, rail_id, group_id, amount_minor, currency_code, exponent)
       SELECT f.lane, f.message_id, u.* FROM f,
              unnest($6::uuid[], $7::text[], $8::bigint[], $9::text[], $10::smallint[]) AS u`,
      [
        ...[this.lane, messageId, fileName, claim, createdAt],
        items.map(({ railId }) => railId),
        items.map(({ groupId }) => groupId),
        items.map(({ amountMinor }) => amountMinor.toString()),
        items.map(({ currency }) => currency),
        items.map(({ exponent }) => exponent),
      ],
    );
    return { messageId, fileName, claim, state: 'prepared' };
  }

  async placing({ messageId, claim }: KeptFile): Promise<boolean> {
    const [, count] = await this.sql.query<[unknown[], number]>(
      `UPDATE bank_file SET state = 'placing'
        WHERE lane = $1 AND message_id = $2 AND claim = $3 AND state = 'prepared'`,
      [this.lane, messageId, claim],
    );
    return count === 1;
  }

  async placed(messageIds: readonly string[], by: 'us' | 'bank'): Promise<void> {
    if (messageIds.length === 0) return;
    await this.sql.query(
      `UPDATE bank_file SET state = 'placed', placed_at = coalesce(placed_at, now()),
              acknowledged_at = CASE WHEN $3 THEN coalesce(acknowledged_at, now()) ELSE acknowledged_at END
        WHERE lane = $1 AND message_id = ANY($2)`,
      [this.lane, messageIds, by === 'bank'],
    );
  }

  /** The items go with their file (ON DELETE CASCADE). */
  async discard({ messageId, claim, state }: KeptFile): Promise<boolean> {
    const [, count] = await this.sql.query<[unknown[], number]>(
      `DELETE FROM bank_file
        WHERE lane = $1 AND message_id = $2 AND claim = $3 AND state = $4 AND state IN ('prepared', 'placing')`,
      [this.lane, messageId, claim, state],
    );
    return count === 1;
  }

  async say(words: readonly { railId: string; said: Said }[]): Promise<void> {
    if (words.length === 0) return;
    const rank = (said: string): string =>
      `CASE ${said}->>'kind' WHEN 'returned' THEN 3 WHEN 'settled' THEN 2 WHEN 'rejected' THEN 1 ELSE 0 END`;
    await this.sql.query(
      `UPDATE bank_file_item i SET said = u.said, said_at = now()
         FROM (SELECT * FROM unnest($2::uuid[], $3::jsonb[]) AS w(rail_id, said) ORDER BY rail_id) u
        WHERE i.lane = $1 AND i.rail_id = u.rail_id
          AND (i.said IS NULL OR ${rank('u.said')} > ${rank('i.said')}
               OR (${rank('u.said')} = 0 AND ${rank('i.said')} = 0 AND i.said <> u.said))`,
      [this.lane, words.map(({ railId }) => railId), words.map(({ said }) => JSON.stringify(said))],
    );
  }

  async keepTrouble(messageId: string, { kind, message }: LaneTrouble): Promise<void> {
    await this.sql.query(
      `UPDATE bank_file SET trouble_kind = $3, trouble = $4, trouble_at = now()
        WHERE lane = $1 AND message_id = $2 AND trouble_at IS NULL`,
      [this.lane, messageId, kind, message],
    );
  }

  async openTrouble(): Promise<LaneTrouble | undefined> {
    const [row] = await this.sql.query<{ kind: LaneTrouble['kind']; message: string }[]>(
      `SELECT t.trouble_kind AS kind, t.trouble AS message FROM bank_file t
        WHERE t.lane = $1 AND t.trouble_at IS NOT NULL
          AND NOT EXISTS (SELECT FROM bank_file p WHERE p.lane = $1 AND p.prepared_at > t.trouble_at AND p.state = 'placed')
        ORDER BY t.trouble_at DESC LIMIT 1`,
      [this.lane],
    );
    return row;
  }

  async unacknowledged(afterMs: number): Promise<string | undefined> {
    const [row] = await this.sql.query<{ message_id: string }[]>(
      `SELECT message_id FROM bank_file
        WHERE lane = $1 AND acknowledged_at IS NULL AND placed_at < now() - $2 * interval '1 millisecond'
        ORDER BY placed_at LIMIT 1`,
      [this.lane, afterMs],
    );
    return row?.message_id;
  }

  async unread(entries: readonly AnswerEntry[]): Promise<AnswerEntry[]> {
    const rows = await this.sql.query<{ at: string }[]>(
      `SELECT u.at FROM unnest($2::text[], $3::bigint[], $4::bigint[]) WITH ORDINALITY
                          AS u(file_name, size_bytes, modified_at, at)
        WHERE NOT EXISTS (SELECT FROM bank_answer a WHERE a.lane = $1 AND a.file_name = u.file_name
                             AND a.size_bytes = u.size_bytes AND a.modified_at = u.modified_at)
        ORDER BY u.at`,
      [this.lane, ...columns(entries)],
    );
    return rows.map(({ at }) => entries[Number(at) - 1]!);
  }

  async keepRead(entry: AnswerEntry, kind: string, refusal?: string): Promise<void> {
    await this.sql.query(
      `INSERT INTO bank_answer (lane, file_name, size_bytes, modified_at, kind, refusal)
       VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
      [this.lane, entry.name, entry.size, entry.modifiedAt, kind, refusal ?? null],
    );
  }
}

function columns(entries: readonly AnswerEntry[]): unknown[] {
  return [
    entries.map(({ name }) => name),
    entries.map(({ size }) => size),
    entries.map(({ modifiedAt }) => modifiedAt),
  ];
}

function itemOf(row: ItemRow): KeptItem {
  return {
    railId: row.rail_id,
    messageId: row.message_id,
    groupId: row.group_id,
    amountMinor: BigInt(row.amount_minor),
    currency: row.currency_code,
    exponent: row.exponent,
    said: row.said ?? undefined,
  };
}

function fileOf(row: ItemRow): KeptFile {
  return { messageId: row.message_id, fileName: row.file_name, claim: row.claim, state: row.state };
}

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { batchId, contentDigest, disbursementId } from '@gpo/g2p-connect-schemas';
import { createDataSource, freshDatabase, type FreshDatabase } from '@gpo/persistence';

export interface SeedLine {
  state?: string;
  attemptNo?: number;
  violations?: string[];
  dueInMs?: number;
  unresolved?: boolean;
}

/** A stored disbursement, and the ids and money that records about it carry. */
export interface Seeded {
  id: string;
  batchId: string;
  ids: { sender_id: string; transaction_id: string; reference_id: string };
  money: { payer_fa: string; payee_fa: string; amount: string; currency_code: string };
}

export interface AttemptRow {
  state: string;
  lane: string;
  rail_id: string;
  lease_token: string;
  sends: number;
  send_by: Date | null;
  first_send_at: Date | null;
  next_at: Date | null;
  reason: string | null;
  message: string | null;
  definite: boolean | null;
  retryable: boolean | null;
  outcome_seq: number;
  published_seq: number;
}

const MONEY = {
  payer_fa: 'account_no:1@TREASURY',
  payee_fa: 'phone:+254711223344@mpesa',
  amount: '75.00',
  currency_code: 'KES',
};

/** SQLSTATE deadlock_detected. */
const DEADLOCK = '40P01';

const EMPTIED = [
  // What is append-only gives way to a superuser who turns its trigger off, and to nobody else.
  'SET LOCAL session_replication_role = replica',
  `TRUNCATE audit_link, audit_publication, batch, disbursement, refused_line, dispatch_range, attempt, parked_record, retry, history,
     batch_counter, watchdog_mark, incident, callback, callback_item, callback_try, callback_resend, question,
     resolve_range, restore, lost_item_word, statement, booking,
     reconciliation_break, lane_account, statement_file, close_out, pack, pack_piece, purged_row, bridge_envelope, bridge_disbursement,
     bridge_control`,
  'DELETE FROM audit_head',
  `INSERT INTO audit_head SELECT chain, 0, decode(repeat('00', 32), 'hex') FROM generate_series(0, 16) AS chain`,
  'INSERT INTO audit_publication SELECT chain, 0 FROM generate_series(0, 16) AS chain',
];

/** A database of its own on the run's PostgreSQL, with rows as intake and connect leave them. */
export class RecordRig {
  private constructor(
    private readonly database: FreshDatabase,
    readonly dataSource: DataSource,
  ) {}

  static async start(): Promise<RecordRig> {
    const database = await freshDatabase(process.env.TEST_DATABASE_URL!);
    return new RecordRig(database, await createDataSource(database.url, 8).initialize());
  }

  get url(): string {
    return this.database.url;
  }

  async stop(): Promise<void> {
    await this.dataSource.destroy();
    await this.database.drop();
  }

  /** No rows, as after start; lanes stay, open and unpaced. */
  async clear(): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        await this.dataSource.transaction(async (manager) => {
          for (const sql of EMPTIED) await manager.query(sql);
        });
        break;
      } catch (error) {
        // The application under test works on beside this and takes the tables in its own order.
        const { code } = error as { code?: string };
        if (code !== DEADLOCK || tries === 5) throw error;
      }
    }
    await this.rows(`UPDATE lane SET state = 'open', next_slot_at = now(), seen_at = now()`);
  }

  rows<T>(sql: string, parameters: unknown[] = []): Promise<T[]> {
    return this.dataSource.query<T[]>(sql, parameters);
  }

  /** A batch of one line, with the counters that intake would have written. */
  async disbursement({
    state = 'received',
    attemptNo = 1,
    violations = [],
    dueInMs = -1000,
    unresolved = false,
  }: SeedLine = {}): Promise<Seeded> {
    const ids = { sender_id: 'strict', transaction_id: randomUUID(), reference_id: randomUUID() };
    const batch = batchId(ids.sender_id, ids.transaction_id);
    const id = disbursementId(ids.sender_id, ids.transaction_id, ids.reference_id);
    const digest = contentDigest({
      payerFa: MONEY.payer_fa,
      payeeFa: MONEY.payee_fa,
      amount: MONEY.amount,
      currencyCode: MONEY.currency_code,
    });
    await this.rows(
      `INSERT INTO batch (batch_id, sender_id, transaction_id, correlation_id, message_id, content_digest, channel,
         callback_url, total_count)
       VALUES ($1, $2, $3, gen_random_uuid(), 'm', '', 'rest', 'http://127.0.0.1:1/on-disburse', 1)`,
      [batch, ids.sender_id, ids.transaction_id],
    );
    await this.rows(
      `INSERT INTO disbursement (disbursement_id, batch_id, line_no, reference_id, digest, payer_fa, payee_fa,
         payee_scheme, payee_id, payee_provider, amount, amount_minor, currency_code, exponent, due_at, violations, state,
         attempt_no, unresolved)
       VALUES ($1, $2, 1, $3, $4, $5, $6, 'phone', '+254711223344', 'mpesa', $7, 7500, $8, 2,
         now() + $9 * interval '1 millisecond', $10, $11, $12, $13)`,
      [
        ...[id, batch, ids.reference_id, digest, MONEY.payer_fa, MONEY.payee_fa, MONEY.amount],
        ...[MONEY.currency_code, dueInMs, violations, state, attemptNo, unresolved],
      ],
    );
    await this.rows(`INSERT INTO batch_counter VALUES ($1, 0, $2, 'KES', 1, 7500)`, [batch, state]);
    return { id, batchId: batch, ids, money: MONEY };
  }

  /** An attempt in any state, as if it had come there. */
  async attempt(id: string, no: number, state: string, more: Record<string, unknown> = {}): Promise<void> {
    const row: Record<string, unknown> = {
      disbursement_id: id,
      attempt_no: no,
      lane: 'a',
      state,
      rail_id: randomUUID(),
      ...more,
    };
    const names = Object.keys(row);
    await this.rows(
      `INSERT INTO attempt (${names.join(', ')}) VALUES (${names.map((_, index) => `$${index + 1}`).join(', ')})`,
      Object.values(row),
    );
  }

  async attemptRow(id: string, no = 1): Promise<AttemptRow | undefined> {
    const [row] = await this.rows<AttemptRow>(
      'SELECT * FROM attempt WHERE disbursement_id = $1 AND attempt_no = $2',
      [id, no],
    );
    return row;
  }

  async stateOf(id: string): Promise<{ state: string; attempt_no: number; reason: string | null }> {
    const [row] = await this.rows<{ state: string; attempt_no: number; reason: string | null }>(
      'SELECT state, attempt_no, reason FROM disbursement WHERE disbursement_id = $1',
      [id],
    );
    return row!;
  }

  async incidents(id: string): Promise<{ kind: string; attempt_no: number }[]> {
    return this.rows('SELECT kind, attempt_no FROM incident WHERE disbursement_id = $1 ORDER BY kind', [id]);
  }

  /** Lets time pass for rows: every time of the table goes back. */
  async age(table: 'attempt' | 'disbursement' | 'watchdog_mark', id: string, ms: number): Promise<void> {
    const columns = {
      attempt: ['send_by', 'first_send_at', 'next_at', 'not_before', 'resolved_at', 'updated_at'],
      disbursement: ['due_at', 'updated_at'],
      watchdog_mark: ['last_at'],
    }[table];
    const back = columns.map((name) => `${name} = ${name} - $2 * interval '1 millisecond'`).join(', ');
    await this.rows(`UPDATE ${table} SET ${back} WHERE disbursement_id = $1`, [id, ms]);
  }
}

/** Asks until the answer is as wanted; the last answer otherwise, for the assertion to show. */
export async function eventually<T>(
  ask: () => Promise<T>,
  wanted: (answer: T) => boolean,
  timeoutMs = 5000,
): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (wanted(answer) || Date.now() > end) return answer;
    await sleep(15);
  }
}

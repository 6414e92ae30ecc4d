import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import { ApiRig, disburse, line, type Json } from './api.rig-spec.js';

export interface Row {
  line_no: number;
  disbursement_id: string;
}

/** Times of the story, as PostgreSQL keeps them. */
export const [RECEIVED, PAID, RETURNED] = [
  '2026-03-01T08:00:00Z',
  '2026-03-02T09:00:00Z',
  '2026-03-03T18:00:00Z',
] as const;

export const AUDITOR: Readonly<Record<string, string>> = { Authorization: 'Bearer auditor-token' };

/** A gateway that knows three batches, one of them with a story: what became of its lines, and when. */
export class StatusRig {
  private constructor(
    readonly api: ApiRig,
    /** The batch with the story. */
    readonly batch: string,
  ) {}

  static async start(): Promise<StatusRig> {
    const api = await ApiRig.start();
    const transaction = randomUUID();
    await tellStory(api, transaction);
    for (let other = 0; other < 2; other += 1)
      await api.strict('/disburse', disburse(randomUUID(), [line({ amount: '100.00' })]));
    const [row] = await api.record.rows<{ batch_id: string }>(
      'SELECT batch_id FROM batch WHERE transaction_id = $1',
      [transaction],
    );
    return new StatusRig(api, row!.batch_id);
  }

  ask(path: string, headers = AUDITOR): Promise<Response> {
    return fetch(`${this.api.urls[0]!}${path}`, { headers });
  }

  async get(path: string, headers = AUDITOR): Promise<Json> {
    const answer = await this.ask(path, headers);
    expect(answer.status).toBe(200);
    return (await answer.json()) as Json;
  }
}

/** Twelve lines: 1 to 6 paid, 6 returned a day later, 7 to 9 failed, 10 in review, 11 waits, 12 refused when it came. */
async function tellStory(rig: ApiRig, transaction: string): Promise<void> {
  const lines = Array.from({ length: 11 }, (_, index) => line({ amount: `${index + 1}.00` }));
  await rig.strict('/disburse', disburse(transaction, [...lines, line({ reference_id: '' })]));
  const rows = await rig.record.rows<Row>(
    'SELECT line_no, disbursement_id FROM disbursement ORDER BY line_no',
  );
  await rig.record.rows(`UPDATE batch SET received_at = $1`, [RECEIVED]);
  const moves: [number, string, string, string | null, string][] = [
    ...[1, 2, 3, 4, 5, 6].map((no): [number, string, string, null, string] => [
      no,
      'succeeded',
      'mobile-money',
      null,
      PAID,
    ]),
    [6, 'returned', 'mobile-money', 'AC04', RETURNED],
    ...[7, 8, 9].map((no): [number, string, string, string, string] => [
      no,
      'failed',
      'core-banking',
      'AC01',
      PAID,
    ]),
    [10, 'review', 'core-banking', null, PAID],
  ];
  for (const [no, state, lane, reason, at] of moves) await move(rig, rows[no - 1]!, state, lane, reason, at);
}

/** A change of one line's state, as the outcome step writes it. */
export async function move(
  rig: ApiRig,
  row: Row,
  state: string,
  lane: string,
  reason: string | null,
  at: string,
): Promise<void> {
  const { disbursement_id: id } = row;
  const [before] = await rig.record.rows<{ state: string }>(
    'SELECT state FROM disbursement WHERE disbursement_id = $1',
    [id],
  );
  await rig.record.rows(
    `INSERT INTO attempt (disbursement_id, attempt_no, lane, state, rail_id, queued_at) VALUES ($1, 1, $2, 'settled', gen_random_uuid(), $3)
     ON CONFLICT DO NOTHING`,
    [id, lane, at],
  );
  await rig.record.rows(
    // Rows of before the columns came say nothing of the attempt: every second one is such a row.
    `UPDATE disbursement SET state = $2, reason = $3, updated_at = $4, ended_lane = CASE WHEN line_no % 2 = 0 THEN $5 END
      WHERE disbursement_id = $1`,
    [id, state, reason, at, lane],
  );
  await rig.record.rows(
    `INSERT INTO history (disbursement_id, batch_id, event, from_state, to_state, attempt_no, reason, cause, at)
     SELECT disbursement_id, batch_id, $2, $3, $4, 1, $5, 'test', $6 FROM disbursement WHERE disbursement_id = $1`,
    [id, state, before!.state, state, reason, at],
  );
  await rig.record.rows(
    `WITH moved AS (SELECT batch_id, currency_code, amount_minor FROM disbursement WHERE disbursement_id = $1)
     INSERT INTO batch_counter SELECT batch_id, 1, s.state, currency_code, s.lines, s.lines * amount_minor
       FROM moved, (VALUES ($2, -1), ($3, 1)) AS s (state, lines)
     ON CONFLICT (batch_id, shard, state, currency_code)
     DO UPDATE SET lines = batch_counter.lines + excluded.lines, amount_minor = batch_counter.amount_minor + excluded.amount_minor`,
    [id, before!.state, state],
  );
}

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { eventually } from '../../../tools/testing/record-rig-spec.js';
import type { Json } from './api.rig-spec.js';
import { AUDITOR, move, RETURNED, StatusRig, type Row } from './status.rig-spec.js';

let rig: StatusRig;
let batch: string;
beforeAll(async () => {
  rig = await StatusRig.start();
  ({ batch } = rig);
}, 60_000);
afterAll(() => rig.api.stop(), 30_000);

describe('CSV', () => {
  async function csv(path: string): Promise<Record<string, string>[]> {
    const answer = await rig.ask(path);
    expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(answer.headers.get('content-disposition')).toMatch(/^attachment; filename="[\w-]+\.csv"$/);
    return parse<Record<string, string>>(await answer.text(), { columns: true });
  }

  it('holds every line that the filter wants, without pages, with the fields of a page', async () => {
    const all = await csv(`/api/v1/batches/${batch}/disbursements?format=csv`);
    const page = (await rig.get(`/api/v1/batches/${batch}/disbursements`)).disbursements as Json[];
    expect(all).toHaveLength(12);
    expect(Object.keys(all[0]!).toSorted()).toEqual(Object.keys(page[0]!).toSorted());
    for (const name of [
      'line_no',
      'disbursement_id',
      'reference_id',
      'state',
      'amount',
      'payee_fa',
      'lane',
      'reason',
    ])
      expect(all.map((one) => one[name])).toEqual(
        page.map((one) => String((one[name] as string | number | null) ?? '')),
      );
    expect(all[0]!.updated_at).toBe('2026-03-02T09:00:00.000000Z');
    expect(
      (await csv(`/api/v1/batches/${batch}/disbursements?format=csv&state=failed`)).map((one) => one.line_no),
    ).toEqual(['7', '8', '9']);
  });

  it('of batches has a row for each state and currency, with decimal amounts', async () => {
    const rows = await csv('/api/v1/batches?format=csv&received_to=2026-03-02T00:00:00Z');
    expect(rows.map(({ state, lines: count, amount }) => [state, count, amount])).toEqual([
      ['failed', '3', '24.00'],
      ['malformed', '1', ''],
      ['received', '1', '11.00'],
      ['returned', '1', '6.00'],
      ['review', '1', '10.00'],
      ['succeeded', '5', '15.00'],
    ]);
  });

  it('four exports run at once, a fifth is told when to ask again; receivers that go away leave no session at the database', async () => {
    await rig.api.record.rows(
      `INSERT INTO disbursement (disbursement_id, batch_id, line_no, reference_id, digest, payer_fa, payee_fa, payee_scheme,
                                 payee_id, payee_provider, amount, currency_code, due_at)
       SELECT gen_random_uuid(), $1, 100 + n, repeat('x', 200), '', '', '', '', '', '', '1', 'KES', now()
         FROM generate_series(1, 60000) AS n`,
      [batch],
    );
    const copies = async (): Promise<number> => {
      const [row] = await rig.api.record.rows<{ n: number }>(
        `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY (%' AND state = 'active'`,
      );
      return row!.n;
    };
    const gone = new AbortController();
    const path = `${rig.api.urls[0]!}/api/v1/batches/${batch}/disbursements?format=csv`;
    for (let count = 0; count < 4; count += 1) {
      const answer = await fetch(path, { headers: AUDITOR, signal: gone.signal });
      expect(answer.status).toBe(200);
      await answer.body!.getReader().read();
    }
    expect(await copies()).toBe(4);
    const fifth = await fetch(path, { headers: AUDITOR });
    expect([fifth.status, fifth.headers.get('retry-after')]).toEqual([429, '30']);
    gone.abort();
    expect(await eventually(copies, (n) => n === 0)).toBe(0);
    const after = await fetch(path, { headers: AUDITOR });
    expect([after.status, (await after.text()).trim().split('\n').length]).toEqual([200, 60_013]);
    await rig.api.record.rows('DELETE FROM disbursement WHERE line_no > 100');
  }, 30_000);

  it('text from outside stays text: a quote in a filter is no SQL', async () => {
    expect(
      await csv(
        `/api/v1/batches/${batch}/disbursements?format=csv&reason=${encodeURIComponent(`x' OR '1'='1`)}`,
      ),
    ).toEqual([]);
    expect(
      await csv(`/api/v1/batches?format=csv&transaction_id=${encodeURIComponent(`\\' OR true --`)}`),
    ).toEqual([]);
  });
});

describe('ETag', () => {
  it.each([
    '/api/v1/batches',
    '/api/v1/batches/:id',
    '/api/v1/batches/:id/disbursements',
    '/api/v1/batches/:id/breakdown',
  ])('%s answers 304 while nothing changed, and the new answer when something did', async (pattern) => {
    const path = pattern.replace(':id', batch);
    const first = await rig.ask(path);
    const tag = first.headers.get('etag')!;
    expect(tag).toMatch(/^"[\w-]{27}"$/);
    const again = await rig.ask(path, { ...AUDITOR, 'If-None-Match': `"other", W/${tag}` });
    expect([again.status, await again.text()]).toEqual([304, '']);
    await move(rig.api, await someLine(), 'review', 'core-banking', null, RETURNED);
    const changed = await rig.ask(path, { ...AUDITOR, 'If-None-Match': tag });
    expect(changed.status).toBe(200);
    expect(changed.headers.get('etag')).not.toBe(tag);
    await rig.api.record.rows(`UPDATE disbursement SET reason = gen_random_uuid()::text WHERE line_no = 11`);
  });

  async function someLine(): Promise<Row> {
    const [row] = await rig.api.record.rows<Row>(
      `SELECT line_no, disbursement_id FROM disbursement WHERE batch_id = $1 AND state = 'succeeded' LIMIT 1`,
      [batch],
    );
    return row!;
  }
});

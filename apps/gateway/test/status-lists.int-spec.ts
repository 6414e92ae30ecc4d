import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DECIDED } from '@gpo/audit';
import type { Json } from './api.rig-spec.js';
import { AUDITOR, PAID, RECEIVED, StatusRig, type Row } from './status.rig-spec.js';

let rig: StatusRig;
let batch: string;
beforeAll(async () => {
  rig = await StatusRig.start();
  ({ batch } = rig);
}, 60_000);
afterAll(() => rig.api.stop(), 30_000);

async function lines(query: string): Promise<number[]> {
  const found: number[] = [];
  let after: unknown = 0;
  do {
    const page = await rig.get(
      `/api/v1/batches/${batch}/disbursements?limit=2&after=${String(after)}${query}`,
    );
    found.push(...(page.disbursements as Row[]).map(({ line_no }) => line_no));
    after = page.next;
  } while (after !== null);
  return found;
}

describe('lines of a batch', () => {
  it.each([
    ['', [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]],
    ['&state=succeeded', [1, 2, 3, 4, 5]],
    ['&state=failed', [7, 8, 9]],
    ['&state=returned', [6]],
    ['&state=received', [11]],
    ['&state=malformed', [12]],
    ['&state=on_hold', []],
    ['&lane=core-banking', [7, 8, 9, 10]],
    ['&lane=core-banking&state=review', [10]],
    ['&reason=AC01', [7, 8, 9]],
    ['&reason=AC04&state=failed', []],
    [`&as_of=${RECEIVED}`, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]],
    [`&as_of=${PAID}&state=succeeded`, [1, 2, 3, 4, 5, 6]],
    [`&as_of=2026-03-02T08:59:59.999999Z&state=succeeded`, []],
    [`&as_of=${PAID}&reason=AC04`, []],
    [`&as_of=2026-03-03T20:00:00%2B02:00&state=returned`, [6]],
    [`&as_of=2026-02-28T00:00:00Z`, []],
  ])('%s: exactly these, over all pages', async (query, wanted) => {
    expect(await lines(query)).toEqual(wanted);
  });

  it.each([
    'state=paid',
    'as_of=yesterday',
    'as_of=2026-03-03',
    'format=xml',
    'lane=a&lane=b',
    'after=-1',
    'limit=0',
  ])('%s is refused with a sentence that names the parameter', async (query) => {
    const answer = await rig.ask(`/api/v1/batches/${batch}/disbursements?${query}`);
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain(query.split('=', 1)[0]);
  });
});

describe('breakdown', () => {
  const rows = async (query = ''): Promise<unknown[]> => {
    const { rows: found } = await rig.get(`/api/v1/batches/${batch}/breakdown${query}`);
    return (found as Json[]).map(({ state, lane, reason, count, amount }) => [
      state,
      lane,
      reason,
      count,
      amount,
    ]);
  };

  it('counts and amounts per state, lane, currency and reason, as they are and as they stood', async () => {
    expect(await rows()).toEqual([
      ['failed', 'core-banking', 'AC01', 3, '24.00'],
      ['malformed', null, 'rjct.reference_id.invalid', 1, null],
      ['received', null, null, 1, '11.00'],
      ['returned', 'mobile-money', 'AC04', 1, '6.00'],
      ['review', 'core-banking', null, 1, '10.00'],
      ['succeeded', 'mobile-money', null, 5, '15.00'],
    ]);
    expect(await rows(`?as_of=${PAID}`)).toContainEqual(['succeeded', 'mobile-money', null, 6, '21.00']);
    expect(await rows(`?as_of=${RECEIVED}`)).toEqual([['received', null, null, 11, '66.00']]);
    expect(await rows('?as_of=2026-02-01T00:00:00Z')).toEqual([]);
  });

  it('its sums are the counters of the batch', async () => {
    const { states } = (await rig.get(`/api/v1/batches/${batch}`)) as {
      states: Record<string, { count: number }>;
    };
    const counted = Object.entries(states).filter(([, { count }]) => count > 0);
    const summed = new Map<string, number>();
    for (const [state, , , count] of (await rows()) as [string, null, null, number][])
      summed.set(state, (summed.get(state) ?? 0) + count);
    expect(Object.fromEntries(summed)).toEqual(
      Object.fromEntries(counted.map(([state, { count }]) => [state, count])),
    );
  });
});

describe('batches', () => {
  const found = async (query: string, headers = AUDITOR): Promise<number> =>
    ((await rig.get(`/api/v1/batches?${query}`, headers)).batches as unknown[]).length;

  it.each([
    ['', 3],
    ['state=failed', 1],
    ['state=cancelled', 0],
    ['state=received', 3],
    ['sender_id=strict', 3],
    ['sender_id=nobody', 0],
    ['received_to=2026-03-02T00:00:00Z', 1],
    ['received_from=2026-03-02T00:00:00Z', 2],
    ['currency_code=KES&amount_min=66.00&amount_max=66.00', 1],
    ['currency_code=KES&amount_min=66.01&amount_max=1000', 2],
    ['currency_code=USD', 0],
  ])('?%s finds %i', async (query, count) => {
    expect(await found(query)).toBe(count);
  });

  it.each([
    'state=open',
    'received_from=2026',
    'amount_min=1',
    'currency_code=KES&amount_max=1.234',
    'currency_code=XYZ',
  ])('?%s is refused', async (query) => {
    expect((await rig.ask(`/api/v1/batches?${query}`)).status).toBe(400);
  });

  it('lines of a currency that nobody can read are counted and add nothing, whatever the sender wrote there', async () => {
    await rig.api.record.rows(
      `INSERT INTO batch_counter (batch_id, shard, state, currency_code, lines, amount_minor)
       SELECT $1::uuid, row_number() OVER (), 'cancelled', code, 2, 0 FROM unnest($2::text[]) AS code`,
      [batch, ['', 'KES ', 'K E S', 'KES\nsucceeded 1 100 0 KES', '\n', ' \r\n "']],
    );
    const { states } = await rig.get(`/api/v1/batches/${batch}`);
    await rig.api.record.rows(`DELETE FROM batch_counter WHERE state = 'cancelled'`);
    expect(states).toMatchObject({
      cancelled: { count: 12, amounts: [] },
      succeeded: { count: 5, amounts: [{ currency_code: 'KES', amount: '15.00', amount_minor: '1500' }] },
    });
  });

  it('a sender that asks for another one finds nothing, in either form', async () => {
    const openg2p = { Authorization: `Basic ${btoa('openg2p:openg2p')}` };
    expect(await found('sender_id=strict', openg2p)).toBe(0);
    const csv = await (await rig.ask('/api/v1/batches?sender_id=strict&format=csv', openg2p)).text();
    expect(csv.trim().split('\n')).toHaveLength(1);
  });
});

describe('as of a time', () => {
  const times = [
    RECEIVED,
    PAID,
    '2026-03-03T17:59:59.999999Z',
    '2026-03-03T18:00:00Z',
    '2026-04-01T00:00:00Z',
  ];
  const stood = (): Promise<Json[]> =>
    Promise.all(
      times.flatMap((time) =>
        ['disbursements', 'breakdown'].map((list) =>
          rig.get(`/api/v1/batches/${batch}/${list}?as_of=${time}`),
        ),
      ),
    );

  it('a line stood the same, whether it changed since or not, and a decision that an outcome follows changes nothing', async () => {
    await rig.api.record.rows(
      `INSERT INTO history (disbursement_id, batch_id, event, from_state, to_state, attempt_no, reason, message, cause, at)
       SELECT disbursement_id, batch_id, $1, state, state, 1, 'paid', 'seen at the bank', 'operator', '2026-03-04' FROM disbursement WHERE state = 'review'`,
      [DECIDED],
    );
    // As an answer of the mapper touches a line, and no history tells of it.
    await rig.api.record.rows(`UPDATE disbursement SET updated_at = '2026-03-05' WHERE state = 'received'`);
    const unchanged = await stood();
    await rig.api.record.rows(`UPDATE disbursement SET updated_at = now()`);
    const changed = await stood();
    expect(changed).toEqual(unchanged);
    expect(changed[8]!.disbursements).toContainEqual(
      expect.objectContaining({
        line_no: 10,
        state: 'review',
        reason: null,
        updated_at: '2026-03-02T09:00:00.000000Z',
      }),
    );
  });
});

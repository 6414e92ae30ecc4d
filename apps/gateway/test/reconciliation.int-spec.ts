import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { railId } from '@gpo/g2p-connect-schemas';
import { ApiRig, type Answer, type Json } from './api.rig-spec.js';
import { AUDITOR } from './status.rig-spec.js';

const OPERATOR = { Authorization: 'Bearer operator-token' };
const SENDER = { 'X-API-Key': 'strict-dev-key' };
const LANE = 'core-banking';
const IMPORT = '/api/v1/operator/reconciliation/statements';
const LIST = 'Day,Ref,Ours,Amount\n2026-03-02,R1,%,75.00\n2026-03-02,R2,,1.50\n';
const MAPPING = {
  ...{ account: '600100', currency: 'KES', direction: 'debit', amount: 'Amount', bookedOn: 'Day' },
  ...{ reference: 'Ref', endToEndId: 'Ours' },
};

let rig: ApiRig;
beforeAll(async () => {
  rig = await ApiRig.start();
  await rig.record.rows(`INSERT INTO lane (lane) VALUES ($1)`, [LANE]);
}, 60_000);
beforeEach(() => rig.record.clear());
afterAll(() => rig.stop());

async function get(path: string, headers: Record<string, string> = AUDITOR): Promise<Json> {
  const answer = await fetch(`${rig.urls[0]!}/api/v1/reconciliation/${path}`, { headers });
  expect(answer.status).toBe(200);
  return (await answer.json()) as Json;
}

async function status(path: string, headers: Record<string, string> = AUDITOR): Promise<number> {
  return (await fetch(`${rig.urls[0]!}/api/v1/reconciliation/${path}`, { headers })).status;
}

/** A payment of 75.00 that settled on 2 March, and the list of the bank that tells it and a fee. */
async function paid(): Promise<{ id: string; list: string }> {
  const { id } = await rig.record.disbursement({ state: 'succeeded' });
  const rail = railId(LANE, id, 1);
  const at = '2026-03-02T09:00:00Z';
  const times = { first_send_at: at, resolved_at: at };
  await rig.record.attempt(id, 1, 'settled', {
    lane: LANE,
    rail_id: rail,
    sends: 1,
    outcome_seq: 1,
    ...times,
  });
  return { id, list: LIST.replace('%', rail) };
}

function importing(
  list: string,
  change: Json = {},
  headers: Record<string, string> = OPERATOR,
): Promise<Answer> {
  const content = Buffer.from(list).toString('base64');
  const body = { lane: LANE, file_name: 'march.csv', content, mapping: MAPPING, ...change };
  return rig.post(IMPORT, body, headers);
}

describe('/api/v1/reconciliation', () => {
  it('an operator imports a statement; the same again changes nothing; an auditor takes the file away as it came', async () => {
    const { list } = await paid();
    const first = { statements: 1, bookings: 2, known: 0, matched: 1, opened: 1, explained: 0 };
    expect(await importing(list)).toMatchObject({ status: 200, body: first });
    expect((await importing(list)).body).toMatchObject({ statements: 0, bookings: 0, known: 2, opened: 0 });
    const { statements } = (await get('statements')) as { statements: Record<string, string>[] };
    expect(statements).toMatchObject([
      { lane: LANE, account: '600100', form: 'csv', imported_by: 'operator' },
    ]);
    const answer = await fetch(
      `${rig.urls[0]!}/api/v1/reconciliation/statements/${statements[0]!.statement_id}/file`,
      { headers: AUDITOR },
    );
    expect(await answer.text()).toBe(list);
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="march.csv"');
  });

  it('accounts and positions tell sums as decimal text; a position asked for again is 304 while nothing changed', async () => {
    await importing((await paid()).list);
    expect(await get('accounts')).toMatchObject({
      accounts: [
        { lane: LANE, account: '600100', bookings: 2, unmatched: 1, debits: '76.50', credits: '0.00' },
      ],
    });
    const path = 'positions?from=2026-03-02&to=2026-03-02&lane=core-banking&account=600%20100';
    expect(await get(path)).toEqual({
      positions: [
        {
          ...{
            lane: LANE,
            account: '600100',
            currency_code: 'KES',
            day: '2026-03-02',
            opening: null,
            paid: '75.00',
          },
          ...{
            returned: '0.00',
            other_debits: '1.50',
            other_credits: '0.00',
            closing: null,
            in_flight: '0.00',
          },
          ...{ bank: null, difference: null, gap: null },
        },
      ],
    });
    const url = `${rig.urls[0]!}/api/v1/reconciliation/${path}`;
    const tag = (await fetch(url, { headers: AUDITOR })).headers.get('etag')!;
    expect((await fetch(url, { headers: { ...AUDITOR, 'If-None-Match': tag } })).status).toBe(304);
  });

  it('breaks are listed by state, kind, lane and batch in pages, and an operator settles one with a reason, once', async () => {
    const { id, list } = await paid();
    await importing(list.replace('75.00', '70.00'));
    const open = (await get('breaks?state=open')) as { breaks: Record<string, string>[]; next: null };
    expect(open.breaks.map(({ kind }) => kind).toSorted()).toEqual(['missing_here', 'under']);
    const under = open.breaks.find(({ kind }) => kind === 'under')!;
    expect(under).toMatchObject({ disbursement_id: id, expected: '75.00', actual: '70.00', booking: 'R1' });
    expect(await get(`breaks?batch_id=${under.batch_id}`)).toMatchObject({ breaks: [{ kind: 'under' }] });
    expect(await get('breaks?kind=missing_here&lane=core-banking')).toMatchObject({
      breaks: [{ booking: 'R2' }],
    });
    const page = (await get('breaks?limit=1')) as { breaks: unknown[]; next: string };
    expect(page.breaks).toHaveLength(1);
    expect(await get(`breaks?limit=1&after=${encodeURIComponent(page.next)}`)).toMatchObject({ next: null });
    const settle = `/api/v1/operator/reconciliation/breaks/${under.break_id}/settle`;
    expect((await rig.post(settle, {}, OPERATOR)).status).toBe(400);
    const decided = await rig.post(settle, { reason: 'the bank keeps a fee' }, OPERATOR);
    expect(decided).toMatchObject({ status: 200, body: { settled_by: 'operator' } });
    expect((await rig.post(settle, { reason: 'again' }, OPERATOR)).status).toBe(404);
    expect(await get('breaks?state=settled')).toMatchObject({
      breaks: [{ kind: 'under', settled_by: 'operator', reason: 'the bank keeps a fee' }],
    });
  });

  it('senders see none of it and auditors change nothing', async () => {
    for (const path of ['accounts', 'breaks', 'positions', 'statements']) {
      expect(await status(path, SENDER)).toBe(403);
      expect(await status(path, {})).toBe(401);
    }
    for (const headers of [AUDITOR, SENDER]) expect((await importing(LIST, {}, headers)).status).toBe(403);
    expect(await rig.record.rows('SELECT FROM statement')).toEqual([]);
  });

  it.each<[string, Json, RegExp]>([
    ['a lane that there is not', { lane: 'elsewhere' }, /no such lane/],
    ['no name of the file', { file_name: '' }, /file_name must be/],
    ['content that is no base64', { content: 'a b' }, /content must be/],
    [
      'a mapping without a column',
      { mapping: { ...MAPPING, amount: 5 } },
      /mapping cannot be used: amount must name a column/,
    ],
    [
      'a mapping with a field too many',
      { mapping: { ...MAPPING, ammount: 'x' } },
      /mapping cannot be used: there is no field ammount/,
    ],
    [
      'a column that the file has not',
      { mapping: { ...MAPPING, amount: 'Sum' } },
      /cannot be used: it has no column Sum/,
    ],
    ['a file that is no statement', { mapping: undefined }, /cannot be used/],
  ])('an import with %s is refused in a sentence, and nothing is kept', async (_what, change, sentence) => {
    const { status: code, text } = await importing(LIST, change);
    expect(code).toBe(400);
    expect(text).toMatch(sentence);
    expect(await rig.record.rows('SELECT FROM statement_file')).toEqual([]);
  });

  it.each([
    ['positions?from=2026-03-01&to=2026-02-01', 400],
    ['positions?from=2020-01-01&to=2026-02-01', 400],
    ['positions?from=2026-02-30', 400],
    ['breaks?kind=odd', 400],
    ['breaks?state=odd', 400],
    ['breaks?batch_id=odd', 400],
    ['breaks?after=odd', 400],
    ['statements?limit=0', 400],
    ['statements/odd/file', 404],
  ])('%s is answered %d', async (path, code) => {
    expect(await status(path)).toBe(code);
  });
});

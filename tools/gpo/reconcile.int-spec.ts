import { execFile } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { railId } from '@gpo/g2p-connect-schemas';
import { RecordRig } from '../testing/record-rig-spec.js';

const dir = mkdtempSync(join(tmpdir(), 'gpo-reconcile-'));
const LANE = 'core-banking';

let rig: RecordRig;
beforeAll(async () => {
  rig = await RecordRig.start();
}, 60_000);
beforeEach(() => rig.clear());
afterAll(() => rig.stop());

interface Ran {
  code: number;
  out: string;
  err: string;
}

/** `npm run gpo -- reconcile ...` as its own process. */
function gpo(...words: string[]): Promise<Ran> {
  const env = { ...process.env, DATABASE_URL: rig.url };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['dist/tools/gpo/main.js', 'reconcile', ...words],
      { env },
      (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}

const only = ({ out }: Ran): Record<string, unknown> => (JSON.parse(out) as Record<string, unknown>[])[0]!;

async function imported(name: string, content: string, ...words: string[]): Promise<Record<string, unknown>> {
  const file = join(dir, name);
  writeFileSync(file, content);
  return only(await gpo('import', file, '--lane', LANE, '--by', 'the treasury', '--json', ...words));
}

/** A disbursement that settled on the lane. */
async function paid(reference?: string): Promise<{ id: string; rail: string }> {
  const { id } = await rig.disbursement({ state: 'succeeded' });
  const rail = railId(LANE, id, 1);
  const settled = { lane: LANE, rail_id: rail, sends: 1, outcome_seq: 1, resolved_at: new Date() };
  await rig.attempt(id, 1, 'settled', {
    ...settled,
    ...(reference === undefined ? {} : { rail_reference: reference }),
  });
  return { id, rail };
}

interface Line {
  id?: string;
  amount?: string;
  reference?: string;
  side?: 'DBIT' | 'CRDT';
}

function entry({ id = 'NOTPROVIDED', amount = '75.00', reference = 'B1', side = 'DBIT' }: Line): string {
  return `<Ntry><Amt Ccy="KES">${amount}</Amt><CdtDbtInd>${side}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-11-25</Dt></BookgDt><AcctSvcrRef>${reference}</AcctSvcrRef><NtryDtls><TxDtls><Refs><EndToEndId>${id.replaceAll('-', '')}</EndToEndId></Refs></TxDtls></NtryDtls></Ntry>`;
}

function camt053(id: string, ...lines: Line[]): string {
  const balance = (type: string, amount: string): string =>
    `<Bal><Tp><CdOrPrtry><Cd>${type}</Cd></CdOrPrtry></Tp><Amt Ccy="KES">${amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-11-25</Dt></Dt></Bal>`;
  return `<Document><BkToCstmrStmt><Stmt><Id>${id}</Id><Acct><Id><Othr><Id>600100</Id></Othr></Id></Acct>${balance('OPBD', '1000.00')}${balance('CLBD', '850.00')}${lines.map(entry).join('')}</Stmt></BkToCstmrStmt></Document>`;
}

describe('npm run gpo -- reconcile', () => {
  it('import finds the attempts of bookings by our id and by the reference of the rail; status says what is left', async () => {
    const [ours, theirs] = [await paid(), await paid('R-77')];
    const lines = [
      { id: ours.rail, reference: 'B1' },
      { reference: 'R-77' },
      { reference: 'FEE', amount: '1.50' },
    ];
    expect(await imported('a.xml', camt053('S1', ...lines))).toEqual({
      statements: 1,
      bookings: 3,
      known: 0,
      matched: 2,
      opened: 1,
      explained: 0,
    });
    expect(
      await rig.rows('SELECT reference, disbursement_id, attempt_no FROM booking ORDER BY reference'),
    ).toEqual([
      { reference: 'B1', disbursement_id: ours.id, attempt_no: 1 },
      { reference: 'FEE', disbursement_id: null, attempt_no: null },
      { reference: 'R-77', disbursement_id: theirs.id, attempt_no: 1 },
    ]);
    expect(only(await gpo('status', '--json'))).toEqual({
      ...{
        lane: LANE,
        account: '600100',
        currency_code: 'KES',
        first_day: '2026-11-25',
        last_day: '2026-11-25',
      },
      ...{ bookings: 3, unmatched: 1, debits: '151.50', credits: '0.00' },
    });
    expect(await rig.rows('SELECT name, opening_minor, closing_minor, imported_by FROM statement')).toEqual([
      { name: 'S1', opening_minor: '100000', closing_minor: '85000', imported_by: 'the treasury' },
    ]);
  }, 60_000);

  it('the same file again changes nothing; a booking told by a notification and by the statement is one', async () => {
    const { rail } = await paid();
    const line = { id: rail, reference: 'B1' };
    const notification = camt053('N1', line)
      .replaceAll('BkToCstmrStmt', 'BkToCstmrDbtCdtNtfctn')
      .replaceAll('Stmt>', 'Ntfctn>');
    expect(await imported('n.xml', notification)).toMatchObject({ bookings: 1, matched: 1 });
    const file = camt053('S1', line, { reference: 'B2' });
    expect(await imported('a.xml', file)).toEqual({
      statements: 1,
      bookings: 1,
      known: 1,
      matched: 0,
      opened: 1,
      explained: 0,
    });
    expect(await imported('again.xml', file)).toEqual({
      statements: 0,
      bookings: 0,
      known: 2,
      matched: 0,
      opened: 0,
      explained: 0,
    });
    expect(await rig.rows('SELECT count(*)::int AS bookings FROM booking')).toEqual([{ bookings: 2 }]);
  }, 60_000);

  it('two bookings that look alike in one statement are two: a payment that the bank booked twice is not hidden', async () => {
    const { rail } = await paid();
    const line = { id: rail, reference: 'B1' };
    expect(await imported('twice.xml', camt053('S1', line, line))).toMatchObject({ bookings: 2, matched: 2 });
  }, 60_000);

  it('a booking whose attempt comes into the record later finds it with the next import', async () => {
    const { id } = await rig.disbursement({ state: 'succeeded' });
    const rail = railId(LANE, id, 1);
    expect(await imported('a.xml', camt053('S1', { id: rail }))).toMatchObject({ bookings: 1, matched: 0 });
    await rig.attempt(id, 1, 'settled', { lane: LANE, rail_id: rail, sends: 1, outcome_seq: 1 });
    expect(await imported('b.xml', camt053('S2'))).toMatchObject({ bookings: 0, matched: 1 });
  }, 60_000);

  it('breaks lists what does not agree; settle takes name and reason, and only of a break that is open', async () => {
    const { id, rail } = await paid();
    await imported('a.xml', camt053('S1', { id: rail, amount: '74.00' }));
    const found = only(await gpo('breaks', '--json'));
    expect(found).toMatchObject({
      kind: 'under',
      disbursement_id: id,
      expected: '75.00',
      actual: '74.00',
      booking: 'B1',
    });
    const words = [
      'settle',
      String(found.break_id),
      '--by',
      'the treasury',
      '--reason',
      'a fee was taken off',
    ];
    expect(await gpo(...words)).toMatchObject({ code: 0, out: 'Settled.\n' });
    expect((await gpo('breaks')).out).toBe('Nothing.\n');
    expect(await gpo(...words)).toMatchObject({ code: 2 });
    expect(await gpo('settle', 'x', '--by', 'x', '--reason', 'x')).toMatchObject({ code: 2 });
  }, 60_000);

  it('a statement of an account that the lane does not pay from is refused, unless it is said which account it is', async () => {
    await rig.rows('INSERT INTO lane_account (lane, accounts) VALUES ($1, $2)', [LANE, { '': '600-200' }]);
    const file = join(dir, 'foreign.xml');
    writeFileSync(file, camt053('S1', { reference: 'B1' }));
    const words = ['import', file, '--lane', LANE, '--by', 'x'];
    const { code, err } = await gpo(...words);
    expect(code).toBe(1);
    expect(err).toMatch(
      /it is of account 600100, and lane "core-banking" pays from 600200: say which one it is of/,
    );
    expect(await gpo(...words, '--account', '600200')).toMatchObject({ code: 0 });
    expect(await rig.rows('SELECT account FROM booking')).toEqual([{ account: '600200' }]);
  }, 60_000);

  it('positions tells each day of an account beside the bank’s own balance', async () => {
    const { rail } = await paid();
    await rig.rows(
      `UPDATE attempt SET first_send_at = '2026-11-25T08:00:00Z', resolved_at = '2026-11-25T09:00:00Z'`,
    );
    await imported(
      'a.xml',
      camt053('S1', { id: rail, reference: 'B1' }, { reference: 'FEE', amount: '75.00' }),
    );
    const days = [
      'positions',
      '--from',
      '2026-11-24',
      '--to',
      '2026-11-26',
      '--account',
      '600 100',
      '--json',
    ];
    const rows = JSON.parse((await gpo(...days)).out) as Record<string, string | null>[];
    expect(rows.map(({ day, opening, closing }) => [day, opening, closing])).toEqual([
      ['2026-11-24', null, null],
      ['2026-11-25', '1000.00', '850.00'],
      ['2026-11-26', '850.00', '850.00'],
    ]);
    expect(rows[1]).toMatchObject({
      ...{ lane: LANE, account: '600100', currency_code: 'KES', paid: '75.00', returned: '0.00' },
      ...{ other_debits: '75.00', other_credits: '0.00', in_flight: '0.00' },
      ...{ bank: '850.00', difference: '0.00', gap: '0.00' },
    });
    expect(await gpo('positions', '--from', '2026-02-30')).toMatchObject({ code: 2 });
  }, 60_000);

  it('a file with an amount that cannot be is refused whole', async () => {
    const { code, err } = await (async () => {
      const file = join(dir, 'bad.xml');
      writeFileSync(file, camt053('S1', { reference: 'B1' }, { amount: '1.005', reference: 'B2' }));
      return gpo('import', file, '--lane', LANE, '--by', 'x');
    })();
    expect(code).toBe(1);
    expect(err).toMatch(/bad\.xml cannot be used: booking 2 of statement 1: 1\.005 KES is no amount/);
    expect(await rig.rows('SELECT FROM booking')).toEqual([]);
    expect(await rig.rows('SELECT FROM statement')).toEqual([]);
  }, 60_000);
});

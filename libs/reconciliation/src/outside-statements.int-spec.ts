import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { railId } from '@gpo/g2p-connect-schemas';
import { readStatements } from '@gpo/statements';
import { pythonPackage } from '../../../tools/testing/python-package-spec.js';
import { RecordRig } from '../../../tools/testing/record-rig-spec.js';
import { readBreaks } from './break.reader.js';
import { BREAK_KINDS } from './breaks.js';
import { importStatements } from './import.js';
import { OutsideBank, type OutsideStatement } from './outside-bank-spec.js';
import { computePositions } from './position.js';

const LANE = 'core-banking';
const [MAIN, OTHER] = ['NL41MOCK0000000001', 'NL14MOCK0000000002'];
const PAYMENTS = 600;
const BANK_VERSION = '0.9.0';
const WRITER_VERSION = '0.8';

/** What the bank does with a payment, each kind often enough, and most of them as they should be. */
const FATES = [
  ...BREAK_KINDS,
  ...['fee', 'taken-back', 'returned-known', 'fine', 'fine', 'fine', 'fine', 'fine', 'fine'],
] as const;
type Fate = (typeof FATES)[number];
const BROKEN: ReadonlySet<string> = new Set(BREAK_KINDS);

function packages(): string | undefined {
  try {
    pythonPackage('mock-bank', BANK_VERSION);
    pythonPackage('mt940-writer', WRITER_VERSION);
    return undefined;
  } catch {
    return 'Python 3 with venv, mock-bank or mt940-writer by pip cannot be had';
  }
}
const missing = packages();

/** The texts of statements, in their order, each by the library for its form. */
function written(statements: readonly OutsideStatement[]): string[] {
  const texts = new Map<OutsideStatement, string>();
  for (const [form, name, version] of [
    ['camt053', 'mock-bank', BANK_VERSION],
    ['mt940', 'mt940-writer', WRITER_VERSION],
  ] as const) {
    const some = statements.filter((statement) => statement.form === form);
    const python = join(pythonPackage(name, version), 'bin/python');
    const out = execFileSync(python, ['tools/testing/write_statements.py'], {
      input: JSON.stringify(some),
      maxBuffer: 1e8,
    });
    (JSON.parse(out.toString()) as string[]).forEach((text, index) => texts.set(some[index]!, text));
  }
  return statements.map((statement) => texts.get(statement)!);
}

(missing === undefined ? describe : describe.skip)(
  `statements by libraries of others (${missing ?? 'camt.053 by mock-bank, MT940 by mt940-writer'})`,
  () => {
    let rig: RecordRig;
    const bank = new OutsideBank([
      { account: MAIN, form: 'camt053' },
      { account: OTHER, form: 'mt940' },
    ]);
    const expected: string[] = [];
    let files: string[] = [];

    beforeAll(async () => {
      rig = await RecordRig.start();
      await rig.rows(`INSERT INTO lane_account (lane, since, accounts) VALUES ($1, '2026-01-01', $2)`, [
        LANE,
        { '': MAIN, 'account_no:2@TREASURY': OTHER },
      ]);
      for (let nth = 0; nth < PAYMENTS; nth += 1)
        await pay(FATES[nth % FATES.length]!, Math.floor(nth / 5) % 9);
      files = written(bank.statements());
    }, 120_000);
    afterAll(() => rig.stop());

    /** A payment of 75.00 KES that resolved on this day, and what the bank makes of it. */
    async function pay(fate: Fate, day: number): Promise<void> {
      if (fate === 'fee') {
        bank.book(MAIN, day, 'debit', 250);
        expected.push('missing_here 2.50');
        return;
      }
      const { id } = await rig.disbursement({ state: fate === 'missing_here' ? 'failed' : 'succeeded' });
      const rail = railId(LANE, id, 1);
      const at = `${bank.text(day)}T10:00:00Z`;
      const state = fate === 'missing_here' ? 'rejected' : fate === 'returned-known' ? 'returned' : 'settled';
      const times = { first_send_at: at, resolved_at: at };
      await rig.attempt(id, 1, state, { lane: LANE, rail_id: rail, sends: 1, outcome_seq: 1, ...times });
      if (BROKEN.has(fate)) expected.push(`${fate} ${id}`);
      const debit = (minor = 7500, on = day, account = MAIN, currency = 'KES'): void =>
        bank.book(account, on, 'debit', minor, { id: rail, currency });
      const credit = (on = day): void => bank.book(MAIN, on, 'credit', 7500, { id: rail });
      if (fate === 'missing_at_bank') return;
      if (fate === 'over') return debit(7501);
      if (fate === 'under') return debit(7400);
      if (fate === 'late') return debit(7500, day + 4);
      if (fate === 'wrong_account') return debit(7500, day, OTHER);
      if (fate === 'wrong_currency') return debit(7500, day, MAIN, 'USD');
      debit();
      if (fate === 'duplicate' || fate === 'taken-back') debit();
      if (fate === 'taken-back') credit(day + 1);
      if (fate === 'returned' || fate === 'returned-known') credit(day + 2);
    }

    async function importAll(texts: readonly string[]): Promise<number> {
      let bookings = 0;
      for (const text of texts) {
        const bytes = Buffer.from(text);
        const source = { lane: LANE, fileName: 'f', bytes, actor: 'the treasury' };
        bookings += (await importStatements(rig.dataSource, await readStatements(bytes), source)).bookings;
      }
      return bookings;
    }

    const found = async (): Promise<string[]> => {
      const breaks = await readBreaks(rig.dataSource, { lane: LANE, state: 'open', limit: 10_000 });
      return breaks.map(({ kind, disbursement_id: id, actual }) => `${kind} ${id ?? actual}`).toSorted();
    };

    it('every kind of break is found, and nothing else, in whatever order the statements come; the same again changes nothing', async () => {
      expect(await importAll(files.toReversed())).toBe(bank.bookings);
      expect(await found()).toEqual(expected.toSorted());
      expect(await importAll(files)).toBe(0);
      expect(await found()).toEqual(expected.toSorted());
    }, 300_000);

    it('each day’s position closes as the bank’s statement, but for what the breaks of that day move', async () => {
      const positions = await computePositions(rig.dataSource, {
        lane: LANE,
        from: bank.text(0),
        to: bank.text(bank.days - 1),
      });
      const told = positions.filter(({ currency_code: currency }) => currency === 'KES');
      expect(told).toHaveLength(2 * bank.days);
      for (const { account, day, bank: closing, gap, in_flight } of told)
        expect({ account, day, closing, gap, in_flight }).toEqual({
          ...{ account, day, closing: bank.closing(account, day), gap: 0n, in_flight: 0n },
        });
      const effects = await rig.rows<{ account: string; day: string; minor: string }>(EFFECTS, [LANE]);
      const differences = told.filter(({ difference }) => difference !== 0n);
      expect(differences.length).toBeGreaterThan(10);
      const named = differences.map(({ account, day, difference }) => `${day} ${account} ${difference}`);
      const explained = effects.map(({ account, day, minor }) => `${day} ${account} ${minor}`);
      expect(named.toSorted()).toEqual(explained.toSorted());
    }, 60_000);
  },
);

/** By how much open breaks, and debits that were taken back on another day, move a balance of the bank. */
const EFFECTS = `
  WITH open AS (SELECT * FROM reconciliation_break WHERE lane = $1 AND closed_at IS NULL)
  SELECT account, day::text, sum(minor)::text AS minor FROM (
    SELECT b.account, b.booked_on AS day, CASE r.kind WHEN 'returned' THEN r.actual_minor WHEN 'wrong_account' THEN -r.expected_minor
             WHEN 'missing_here' THEN -r.actual_minor WHEN 'duplicate' THEN -r.actual_minor ELSE r.expected_minor - r.actual_minor END AS minor
      FROM open r JOIN booking b USING (booking_id)
     WHERE r.kind NOT IN ('late', 'wrong_currency') AND (r.kind <> 'missing_here' OR r.disbursement_id IS NOT NULL)
    UNION ALL
    SELECT '${MAIN}', b.booked_on, r.expected_minor FROM open r JOIN booking b USING (booking_id) WHERE r.kind = 'wrong_account'
    UNION ALL
    SELECT '${MAIN}', (a.resolved_at AT TIME ZONE 'UTC')::date, r.expected_minor
      FROM open r JOIN attempt a USING (disbursement_id, attempt_no) WHERE r.kind = 'missing_at_bank'
    UNION ALL
    SELECT b.account, b.booked_on, CASE b.direction WHEN 'debit' THEN -7500 ELSE 7500 END
      FROM (SELECT *, row_number() OVER (PARTITION BY disbursement_id, direction ORDER BY booked_on, booking_id) AS nth FROM booking) b
     WHERE (b.direction = 'credit' OR b.nth = 2)
       AND NOT EXISTS (SELECT FROM open r WHERE r.booking_id = b.booking_id)
       AND EXISTS (SELECT FROM attempt a WHERE a.disbursement_id = b.disbursement_id AND a.state = 'settled')) e
   GROUP BY account, day HAVING sum(minor) <> 0`;

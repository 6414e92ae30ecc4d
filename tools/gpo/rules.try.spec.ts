import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rulesFor } from './rules.folder.js';
import { readInput } from './rules.input.js';
import { trialText, troubled, tryRules, type Trial } from './rules.try.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gpo-rules-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const options = { sendersFile: 'examples/senders.json', linesMax: 100 };
const rules = rulesFor('nussknacker/scenarios', 'g2p.request');
const HEADER = 'reference_id,payee_fa,amount,currency_code';

describe('rules try', () => {
  const trialOf = async (text: string): Promise<Trial> => {
    const path = join(folder, 'try.csv');
    writeFileSync(path, text);
    return tryRules(rules, await readInput(path, options), 0);
  };

  it('puts every line and every amount into exactly one place, and under each of its reasons', async () => {
    const trial = await trialOf(
      `${HEADER}\nr1,phone:1@mtn,10.5,KES\nr2,phone:2@mtn,0.25,USD\nr3,account_no:3,7,KES\nr4,4,900000,KES\nr1,x,3,KES\nr6,phone:6,x,KES\n`,
    );
    expect(trial.places).toEqual([
      {
        place: 'g2p.filtered-requests, lane mobile-money',
        topic: 'g2p.filtered-requests',
        lane: 'mobile-money',
        lines: 2,
        amounts: [
          { currency_code: 'KES', amount: '10.50' },
          { currency_code: 'USD', amount: '0.25' },
        ],
      },
      expect.objectContaining({
        lane: 'core-banking',
        lines: 1,
        amounts: [{ currency_code: 'KES', amount: '7.00' }],
      }),
      expect.objectContaining({
        topic: 'g2p.malformed-input',
        lane: null,
        lines: 3,
        amounts: [{ currency_code: 'KES', amount: '900003.00' }],
      }),
    ]);
    expect(trial.total).toEqual({
      lines: 6,
      amounts: [
        { currency_code: 'KES', amount: '900020.50' },
        { currency_code: 'USD', amount: '0.25' },
      ],
    });
    expect(trial.lines_without_amount).toBe(1);
    expect(trial.reasons.map(({ reason, lines }) => [reason, lines])).toEqual([
      ['rjct.payee_fa.no_lane', 1],
      ['rjct.amount.limit', 1],
      ['rjct.reference_id.duplicate', 1],
      ['rjct.amount.invalid', 1],
    ]);
    expect(troubled(trial)).toBe(3);
  });

  it('says why: the row of each table that decided, with its cells', async () => {
    const { lines } = await trialOf(`${HEADER}\nr1,account_no:1,7,NGN\nr2,2,7,ZMW\n`);
    expect(lines[0]).toMatchObject({
      lane: 'payment-gateway',
      why: [
        'Amount limits: row 3 (currency NGN, smallest 1, largest 10000000)',
        'Lane table: row 4 (scheme account_no, currency NGN, lane payment-gateway)',
      ],
    });
    expect(lines[1]!.why).toEqual(['Amount limits: no row', 'Lane table: no row']);
  });

  it('shows as many single lines as asked for, and says how many are left out', async () => {
    const trial = await trialOf(`${HEADER}\nr1,phone:1@mtn,1,KES\nr2,phone:2@mtn,2,KES\n`);
    expect(trialText(trial, 1)).toMatch(
      /\nline .*\n1 +r1 .*\n\.\.\. and 1 more lines; --lines 2 shows all\.\n$/,
    );
    expect(trialText(trial, 2)).toMatch(/\n2 +r2 .*\n$/);
    expect(trialText(trial, 0)).not.toMatch(/r1/);
  });
});

const fixtures = join(process.env.GPO_SHARED ?? join(process.cwd(), '../shared'), 'fixtures');
type Fate = { state: string; lane?: string; errors?: string[]; amount?: string };

(existsSync(fixtures) ? describe : describe.skip)(
  'rules try on what real G2P systems send (skipped without the shared folder)',
  () => {
    const expected = existsSync(fixtures)
      ? (JSON.parse(readFileSync(join(fixtures, 'expected.json'), 'utf8')) as Record<
          string,
          Record<string, Fate>
        >)
      : {};

    it.each(Object.keys(expected))('foretells the fate of every line of %s', async (file) => {
      const input = await readInput(join(fixtures, file), { ...options, linesMax: 100_000 });
      const { lines } = tryRules(rules, input, Date.now());
      const fates = expected[file]!;
      expect(lines).toHaveLength(Object.keys(fates).length);
      for (const { reference_id, topic, lane, reasons, amount } of lines) {
        const fate = fates[reference_id]!;
        expect({ reference_id, topic, lane }).toEqual({
          reference_id,
          topic: fate.state === 'malformed' ? 'g2p.malformed-input' : 'g2p.filtered-requests',
          lane: fate.lane ?? null,
        });
        for (const error of fate.errors ?? []) expect(reasons).toContain(error);
        if (fate.amount !== undefined) expect(amount).toBe(fate.amount);
      }
    });
  },
);

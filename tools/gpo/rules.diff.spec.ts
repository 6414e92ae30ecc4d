import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { diffRules, differenceText, type Difference } from './rules.diff.js';
import { rulesFor } from './rules.folder.js';
import { readInput } from './rules.input.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gpo-rules-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const LIST = `reference_id,payee_fa,amount,currency_code
r1,phone:1@mpesa,10.5,KES
r2,account_no:2,600000,KES
r3,iban:3,7,EUR
r4,4,5,KES
`;

/** What changes when this text of a shipped scenario is replaced. */
async function diff(
  scenario: string,
  topic: string,
  from: string,
  to: string,
  file: { name: string; text: string },
): Promise<Difference> {
  const [older, newer] = [`nussknacker/scenarios/${scenario}.json`, join(folder, `${scenario}.json`)];
  const text = readFileSync(older, 'utf8');
  if (!text.includes(from)) throw new Error(`${older} has no ${from}`);
  writeFileSync(newer, text.replace(from, to));
  writeFileSync(join(folder, file.name), file.text);
  const input = await readInput(join(folder, file.name), {
    sendersFile: 'examples/senders.json',
    linesMax: 100,
    topic,
  });
  return diffRules(rulesFor(older, topic), rulesFor(newer, topic), input, 1000);
}

const check = (from: string, to: string): Promise<Difference> =>
  diff('request-check', 'g2p.request', from, to, { name: 'list.csv', text: LIST });

describe('rules diff', () => {
  it('says that nothing changes where nothing does', async () => {
    const difference = await check('"description": "Nothing if', '"description": "None if');
    expect(difference).toMatchObject({ changes: [], lines: [], unchanged: { lines: 4 } });
    expect(differenceText(difference, 40)).toMatch(/Nothing changes: all 4 lines go where they went\.\n$/);
  });

  it('names the lines that move to another lane, and their sum', async () => {
    const difference = await check(
      String.raw`[\"mpesa\",null,\"KES\",\"mobile-money\"]`,
      String.raw`[\"mpesa\",null,\"KES\",\"core-banking\"]`,
    );
    expect(difference.changes).toEqual([
      {
        from: 'g2p.filtered-requests, lane mobile-money',
        to: 'g2p.filtered-requests, lane core-banking',
        lines: 1,
        amounts: [{ currency_code: 'KES', amount: '10.50' }],
      },
    ]);
    expect(difference.lines.map(({ reference_id }) => reference_id)).toEqual(['r1']);
    expect(difference.unchanged.lines + difference.lines.length).toBe(difference.total.lines);
    expect(differenceText(difference, 40)).toMatch(/^1 +r1 +10\.50 KES +.*mobile-money +.*core-banking/m);
  });

  it('names lines that are refused no longer', async () => {
    const difference = await check(String.raw`\"1\",\"500000\"`, String.raw`\"1\",\"700000\"`);
    expect(difference.lines).toMatchObject([
      {
        reference_id: 'r2',
        from: 'g2p.malformed-input',
        old_reasons: ['rjct.amount.limit'],
        new_reasons: [],
      },
    ]);
  });

  it('names lines that are refused for another reason', async () => {
    const difference = await check("'rjct.payee_fa.no_lane'", "'rjct.payee_fa.invalid'");
    expect(difference.lines).toMatchObject([
      {
        reference_id: 'r4',
        from: 'g2p.malformed-input: rjct.payee_fa.no_lane',
        to: 'g2p.malformed-input: rjct.payee_fa.invalid',
      },
    ]);
  });

  it('names records that only come out with other fields', async () => {
    const records = ['rail_busy', 'payee_limit']
      .map((reason) =>
        JSON.stringify({
          key: reason,
          value: { reference_id: reason, outcome: 'rejected', retryable: true, reason },
        }),
      )
      .join('\n');
    const difference = await diff(
      'response-routing',
      'g2p.response',
      String.raw`[\"rail_busy\",\"8\",\"30\"]`,
      String.raw`[\"rail_busy\",\"8\",\"31\"]`,
      { name: 'records.jsonl', text: records },
    );
    expect(difference.lines).toMatchObject([
      { reference_id: 'rail_busy', from: 'g2p.retry', to: 'g2p.retry, with another not_before' },
    ]);
  });
});

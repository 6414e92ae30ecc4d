import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readInput, type Input, type InputLine } from './rules.input.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gpo-rules-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const options = { sendersFile: 'examples/senders.json', linesMax: 100 };

async function read(
  name: string,
  text: string | Buffer,
  more: { sender?: string; topic?: string } = {},
): Promise<Input> {
  const path = join(folder, name);
  writeFileSync(path, text);
  return readInput(path, { ...options, ...more });
}

const value = ({ record }: InputLine): Record<string, unknown> =>
  JSON.parse(record!.value.toString()) as Record<string, unknown>;

const HEADER = 'reference_id,payee_fa,amount,currency_code';

describe('a list of payees', () => {
  it('is read the same with byte order mark, \\r\\n, quotes, semicolons or tabs', async () => {
    const plain = `${HEADER},payee_name\nr1,phone:+254700000001@mpesa,1500.5,KES,"Otieno, ""Jr"""\n`;
    const expected = (await read('plain.csv', plain)).lines;
    expect(value(expected[0]!)).toMatchObject({
      reference_id: 'r1',
      payee_provider: 'mpesa',
      amount: '1500.50',
      payee_name: 'Otieno, "Jr"',
      payer_fa: 'account_no:1@TREASURY',
      violations: [],
    });
    const forms = [
      `\ufeff${plain}`,
      plain.replaceAll('\n', '\r\n'),
      plain.trimEnd(),
      `"${HEADER.replaceAll(',', '","')}","payee_name"\n"r1","phone:+254700000001@mpesa","1500.5","KES","Otieno, ""Jr"""\n\n`,
      plain.replace(/,(?! )/g, ';'),
      plain.replace(/,(?! )/g, '\t'),
    ];
    for (const form of forms) expect((await read('form.csv', form)).lines).toEqual(expected);
  });

  it('keeps a line break inside quotes', async () => {
    const { lines } = await read('break.csv', `${HEADER},note\r\nr1,phone:1@mtn,1,KES,"one\r\ntwo"\r\n`);
    expect(value(lines[0]!)).toMatchObject({ note: 'one\r\ntwo' });
  });

  it('says which columns it does not read', async () => {
    const input = await read('more.csv', `${HEADER},village\nr1,phone:1@mtn,1,KES,Kisumu\n`);
    expect(input.about).toMatch(/Columns that are not read: village\./);
  });

  it.each([
    ['nothing', '', /is empty: the first row must name the columns/],
    ['no header', 'r1,phone:1@mtn,1,KES\n', /reference_id, payee_fa, amount, currency_code is missing/],
    ['a missing column', 'reference_id,payee_fa,amount\n', /currency_code is missing/],
    ['a column twice', `${HEADER},amount\n`, /two columns are called amount/],
    ['a row that is too short', `${HEADER}\nr1,phone:1@mtn,1\n`, /line 2/],
    ['a row that is too long', `${HEADER}\nr1,phone:1@mtn,1,500,KES\n`, /line 2/],
    ['a quote that does not end', `${HEADER}\nr1,"phone:1@mtn,1,KES\n`, /Quote Not Closed/],
    ['another encoding', Buffer.from(`${HEADER}\nr1,x,1,KES,\xe9`, 'latin1'), /save it again as "CSV UTF-8"/],
  ])('with %s is refused with a sentence', async (_what, text, message) => {
    await expect(read('bad.csv', text)).rejects.toThrow(message);
  });
});

describe('lists and messages are read as intake reads them', () => {
  it('a line gets the violations of the sender that is asked for', async () => {
    const text = `${HEADER},payer_fa\nr1,phone:1@mtn,1,KES,account:900100@treasury\n`;
    const of = async (sender: string): Promise<unknown> =>
      value((await read('sender.csv', text, { sender })).lines[0]!).violations;
    expect(await of('openg2p')).toEqual([]);
    expect(await of('strict')).toEqual(['rjct.payer_fa.invalid']);
  });

  it('a line without reference or with one that stands earlier is refused without asking a rule', async () => {
    const { lines } = await read(
      'refused.csv',
      `${HEADER}\nr1,phone:1@mtn,1,KES\n,phone:1@mtn,2,KES\nr1,phone:1@mtn,3,KES\n`,
    );
    expect(lines.map(({ line, refused }) => [line, refused?.errors])).toEqual([
      [1, undefined],
      [2, ['rjct.reference_id.invalid']],
      [3, ['rjct.reference_id.duplicate']],
    ]);
  });

  it('an array of lines and a message with the same lines give the same records but for the batch', async () => {
    const line = { reference_id: 'r1', payee_fa: 'iban:GB1', amount: 12.1, currency_code: 'EUR' };
    const array = await read('array.json', JSON.stringify([line]));
    const message = { header: {}, message: { transaction_id: 'dry-run', disbursements: [line] } };
    expect((await read('message.json', JSON.stringify(message))).lines).toEqual(array.lines);
    expect(value(array.lines[0]!)).toMatchObject({ amount: '12.10', payee_scheme: 'iban' });
  });

  it('the sender is the one that the message names, if none is asked for', async () => {
    const header = {
      message_id: 'm',
      message_ts: '2026-01-01T00:00:00Z',
      action: 'disburse',
      sender_id: 'strict.example.org',
      total_count: 1,
    };
    const message = { transaction_id: 't', disbursements: [{ reference_id: 'r' }] };
    const input = await read('named.json', JSON.stringify({ header, message }));
    expect(input.about).toMatch(/the sender strict sends \(profile strict\)/);
  });

  it.each([
    ['is not JSON', '{"message":', /ends in the middle/],
    [
      'has no disbursements',
      '{"message":{"transaction_id":"t"}}',
      /err\.request\.bad: The message has no disbursements array/,
    ],
    ['has no transaction_id', '{"message":{"disbursements":[{}]}}', /has no transaction_id/],
    [
      'has too many lines',
      JSON.stringify({ message: { transaction_id: 't', disbursements: Array(101).fill({}) } }),
      /rjct\.total_count\.limit_exceeded/,
    ],
  ])('a message that %s is refused whole, as intake would', async (_what, text, message) => {
    await expect(read('bad.json', text)).rejects.toThrow(message);
  });

  it('a sender that does not exist is named, with those that do', async () => {
    await expect(read('x.csv', HEADER, { sender: 'nobody' })).rejects.toThrow(
      /"nobody"; it knows openg2p, strict/,
    );
  });
});

describe('records', () => {
  it('are taken as they stand on their topic', async () => {
    const text = '{"key":"k","value":{"outcome":"settled","amount":"5.00","currency_code":"KES"}}\n';
    const input = await read('records.jsonl', text, { topic: 'g2p.response' });
    expect(input.topic).toBe('g2p.response');
    expect(input.lines[0]).toMatchObject({ amount: '5.00', money: { minor: 500n }, record: { key: 'k' } });
    await expect(read('bad.jsonl', `${text}x\n`)).rejects.toThrow(/bad\.jsonl, line 2/);
  });
});

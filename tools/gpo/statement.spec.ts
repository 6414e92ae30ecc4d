import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';

const dir = mkdtempSync(join(tmpdir(), 'gpo-statement-'));

function file(name: string, content: string): string {
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
}

/** `npm run gpo -- statement show ...` as its own process. */
function show(...words: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['dist/tools/gpo/main.js', 'statement', 'show', ...words], (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}

/** The mapping that the documentation shows. */
const mapping = file(
  'mapping.json',
  /```json\n([^]*?)```/.exec(readFileSync('docs/statements.md', 'utf8'))![1]!,
);
const LIST = 'Receipt,Completed,Our Ref,Status,Currency,Paid Out\nR1,25/11/2026,x-1,Completed,KES,75.00\n';

it('a CSV list is shown by the mapping that the documentation gives', async () => {
  const { out } = await show(file('list.csv', LIST), '--mapping', mapping);
  expect(out).toMatch(/csv +600100/);
  expect(out).toMatch(/2026-11-25 +debit +75.00 +KES +R1 +x-1/);
  const [statement] = JSON.parse(
    (await show(file('list.csv', LIST), '--mapping', mapping, '--json')).out,
  ) as object[];
  expect(statement).toMatchObject({ form: 'csv', bookings: [{ amount: '75.00', bookedOn: '2026-11-25' }] });
});

it('an MT940 is shown with its balances', async () => {
  const text =
    ':20:A\n:25:ACC1\n:60F:C261125EUR100,00\n:61:261125D10,50NTRFNONREF//R1\n:62F:C261125EUR89,50\n-}\n';
  const { out } = await show(file('a.sta', text));
  expect(out).toMatch(/mt940 +A +ACC1 +true +100.00 EUR +89.50 EUR +1/);
});

it.each([
  ['a file that is none of these', 'x.txt', 'hello', /x\.txt cannot be used: it /],
  [
    'an XML of another kind',
    'x.xml',
    '<Document><Other/></Document>',
    /neither a camt\.053, a camt\.054 nor an MT940/,
  ],
])('%s is refused in one sentence', async (_what, name, content, sentence) => {
  const { code, err } = await show(file(name, content));
  expect(code).toBe(1);
  expect(err).toMatch(sentence);
});

it('a mapping with a field missing is refused, and a file that is not there is not found', async () => {
  const { err } = await show(file('list.csv', LIST), '--mapping', file('bad.json', '{"bookedOn":"x"}'));
  expect(err).toMatch(/bad\.json is no mapping: account must be a text or \{"column": NAME\}/);
  expect(await show(join(dir, 'nowhere'))).toMatchObject({ code: 2 });
});

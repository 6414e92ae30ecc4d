import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { testTitles } from './testing/test-titles-spec.js';

/** The defects of the specification, each with a resolution that the product follows. */
const DEFECTS = Array.from({ length: 29 }, (_, index) => `D${index + 1}`);

/** Fields of what deployed clients send, as the table of section 2.2 names them. */
const FIELDS = [
  ['signature', 'message_id', 'message_ts', 'action', 'sender_id', 'receiver_id', 'sender_uri'],
  ['total_count', 'version', 'is_msg_encrypted', 'meta', 'transaction_id', 'payer_fa', 'payee_fa'],
  ['amount', 'scheduled_timestamp', 'note', 'payee_name', 'locale', 'currency_code'],
].flat();

/** What no test can name yet, and why. An entry that has a test is itself a failure. */
const NOT_YET_BUILT: Readonly<Record<string, string>> = {};

const document = join(process.env.GPO_SHARED ?? join(process.cwd(), '../shared'), 'interface-a.md');
const withShared = existsSync(document) ? describe : describe.skip;
const page = existsSync(document) ? readFileSync(document, 'utf8') : '';

const titles = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*spec.ts'], {
  encoding: 'utf8',
})
  .trim()
  .split('\n')
  .filter((file) => existsSync(file))
  .flatMap((file) => testTitles(readFileSync(file, 'utf8')));

/** The defects that these titles name. */
function namedDefects(from: readonly string[]): Set<string> {
  return new Set(from.flatMap((title) => title.match(/\bD\d{1,2}\b/g) ?? []));
}

/** The fields that these titles name: `2.2 note: ...`, `2.2 version, meta: ...`. */
function namedFields(from: readonly string[]): Set<string> {
  return new Set(
    from.flatMap((title) => {
      const list = /\b2\.2 ([a-z_., ]+):/.exec(title)?.[1];
      return list === undefined ? [] : fieldsOf(list);
    }),
  );
}

function fieldsOf(cell: string): string[] {
  return cell.split(/[,/]/).map((name) => name.trim().replace(/^header\./, ''));
}

function missing(wanted: readonly string[], named: ReadonlySet<string>): string[] {
  return wanted.filter((id) => !named.has(id) && NOT_YET_BUILT[id] === undefined);
}

describe('what interface A promises has a test that names it', () => {
  it('every defect D1 to D29 of the specification', () => {
    expect(missing(DEFECTS, namedDefects(titles))).toEqual([]);
  });

  it('every field of the table of what deployed clients send (2.2)', () => {
    expect(missing(FIELDS, namedFields(titles))).toEqual([]);
  });

  it('what has a test is not in the list of what is not yet built', () => {
    const built = [...namedDefects(titles)].filter((id) => NOT_YET_BUILT[id] !== undefined);
    expect(built).toEqual([]);
  });

  it('a name that no test holds is found', () => {
    const without = titles.filter((title) => !/\bD13\b/.test(title) && !/\b2\.2 [^:]*note/.test(title));
    expect(missing(DEFECTS, namedDefects(without))).toEqual(['D13']);
    expect(missing(FIELDS, namedFields(without))).toEqual(['note']);
  });
});

withShared('the lists are those of the document (skipped without the shared folder)', () => {
  it('defects', () => {
    expect([...page.matchAll(/^\| (D\d+) \|/gm)].map(([, id]) => id)).toEqual(DEFECTS);
  });

  it('fields', () => {
    const table = page.slice(page.indexOf('### 2.2'), page.indexOf('### 2.3'));
    const cells = [...table.matchAll(/^\| ([^|]+) \|.*\|$/gm)].map(([, cell]) => cell!.trim());
    expect(cells.filter((cell) => cell !== 'field' && !cell.startsWith('---')).flatMap(fieldsOf)).toEqual(
      FIELDS,
    );
  });
});

describe('titles are read as they are run', () => {
  const source = `
    describe('a', () => {
      it('b', () => {});
      it.each([1])('c %d', (n) => {});
      it.skip('d', () => {});
      it.todo('e');
      withShared('f', () => { it(\`g \${x} h\`, () => {}); });
      describe.skip('i', () => { it('j', () => {}); });
      const text = 'it("k", () => {})'; // it('l', () => {});
    });`;

  it('nested, with each, without what is switched off', () => {
    expect(testTitles(source)).toEqual(['a > b', 'a > c %d', 'a > f > g … h']);
  });
});

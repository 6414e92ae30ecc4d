import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { checkRules, checkText, shippedPlaces } from './rules.check.js';
import type { VectorsFile } from './rules.vectors.js';

let folder: string;
let scenarios: string;
let vectors: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gpo-rules-'));
  scenarios = join(folder, 'scenarios');
  vectors = join(folder, 'test-data');
  cpSync('nussknacker/scenarios', scenarios, { recursive: true });
  cpSync('nussknacker/test-data', vectors, { recursive: true });
});

afterEach(() => rmSync(folder, { recursive: true }));

const edit = (file: string, change: (text: string) => string): void =>
  writeFileSync(file, change(readFileSync(file, 'utf8')));
const editVectors = (change: (file: VectorsFile) => void): void =>
  edit(join(vectors, 'request-check.json'), (text) => {
    const file = JSON.parse(text) as VectorsFile;
    change(file);
    return JSON.stringify(file);
  });
const problems = (path = scenarios, from = vectors): string[] =>
  checkRules([{ path, vectors: from }]).flatMap((checked) => checked.problems);

describe('rules check', () => {
  it('finds nothing wrong with the shipped scenarios and their vectors', () => {
    expect(problems()).toEqual([]);
    expect(checkText(checkRules([{ path: scenarios, vectors }]))).toMatch(
      /^ok {6}\S+request-check\.json: (\d+) of \1 vectors hold, (\d+) of \2 edges tested$/m,
    );
  });

  it('refuses a new scenario that has no vectors', () => {
    cpSync(join(scenarios, 'response-routing.json'), join(scenarios, 'more.json'));
    edit(join(scenarios, 'more.json'), (text) => text.replace("'g2p.response'", "'g2p.success'"));
    expect(problems()).toEqual([expect.stringMatching(/no vectors for this scenario.*test-data.more\.json/)]);
  });

  it('asks a scenario in a folder below for vectors at the same place', () => {
    mkdirSync(join(scenarios, 'example'));
    cpSync(join(scenarios, 'response-routing.json'), join(scenarios, 'example', 'routing.json'));
    expect(problems()).toEqual([expect.stringMatching(/test-data.example.routing\.json/)]);
    mkdirSync(join(vectors, 'example'));
    writeFileSync(
      join(vectors, 'example', 'routing.json'),
      '{"about": "as the shipped one", "extends": "../response-routing.json", "vectors": []}',
    );
    expect(problems()).toEqual([]);
  });

  it('names the vector that a changed row breaks, and what came instead', () => {
    edit(join(scenarios, 'request-check.json'), (text) =>
      text.replace(String.raw`\"iban\",null,\"core-banking\"`, String.raw`\"iban\",null,\"mobile-money\"`),
    );
    expect(problems()).toContain(
      'The vector "an IBAN goes to core banking" does not hold: lane: expected "core-banking", got "mobile-money".',
    );
  });

  it('names the row that a new line of a table leaves untested', () => {
    edit(join(scenarios, 'request-check.json'), (text) =>
      text.replace(
        String.raw`[null,\"iban\",null,`,
        String.raw`[\"airtel\",null,\"KES\",\"mobile-money\"],[null,\"iban\",null,`,
      ),
    );
    expect(problems()).toEqual([
      expect.stringMatching(/takes "Lane table", row 6 \(provider airtel, currency KES, lane mobile-money\)/),
    ]);
  });

  it('finds a row that can never be the first to match', () => {
    edit(join(scenarios, 'request-check.json'), (text) =>
      text.replace(
        String.raw`[null,\"iban\",null,`,
        String.raw`[\"mtn\",\"iban\",null,\"core-banking\"],[null,\"iban\",null,`,
      ),
    );
    expect(problems()).toEqual([expect.stringMatching(/row 6 \(provider mtn, scheme iban.*as the first/)]);
  });

  it('says which node and expression a file is refused for', () => {
    edit(join(scenarios, 'request-check.json'), (text) => text.replace('#errors.isEmpty', '#error.isEmpty'));
    const [checked] = checkRules([{ path: scenarios, vectors }]);
    expect(checked).toMatchObject({ ok: false, refused: [{ node: 'Sane?' }] });
  });

  it('refuses two scenarios of one folder that read one topic', () => {
    for (const place of [scenarios, vectors])
      cpSync(join(place, 'request-check.json'), join(place, 'second.json'));
    expect(problems()).toEqual([
      expect.stringMatching(/It reads g2p\.request, as .*request-check\.json does/),
    ]);
  });

  it('finds nothing wrong with the shipped examples, and refuses vectors of an example that is gone', () => {
    const places = shippedPlaces('nussknacker/scenarios', vectors);
    expect(checkRules(places).filter(({ ok }) => !ok)).toEqual([]);
    expect(checkRules(places).length).toBeGreaterThan(2);
    cpSync(join(vectors, 'request-check.json'), join(vectors, 'examples', 'gone.json'));
    expect(checkRules(places).filter(({ ok }) => !ok)).not.toEqual([]);
  });

  it('refuses vectors whose scenario is gone', () => {
    rmSync(join(scenarios, 'response-routing.json'));
    expect(problems()).toEqual([
      expect.stringMatching(/no scenario .*response-routing\.json for these vectors/),
    ]);
  });

  it('refuses to call an edge unreachable that a vector takes, or that does not exist', () => {
    editVectors((file) => {
      const why = 'It seemed so at the time.';
      file.unreachable = [
        { node: 'Lane table', edge: 'no row', why },
        { node: 'Lane table', edge: 'row 77', why },
      ];
    });
    expect(problems()).toEqual([
      expect.stringMatching(/"Lane table", no row is called unreachable, but a vector takes it/),
      expect.stringMatching(/"Lane table", row 77 is called unreachable, but there is no such edge/),
    ]);
  });

  it.each([
    ['a vector without name', { then: { topic: 't' } }, /vectors\/\d+ must have required property 'name'/],
    [
      'a misspelt word',
      { name: 'n', given: {}, them: {} },
      /the vector "n" must have required property 'then'/,
    ],
    ['an unknown word', { name: 'n', then: { topic: 't' }, gives: {} }, /the vector "n" .*\(gives\)/],
    [
      'given and raw at once',
      { name: 'n', given: {}, raw: '', then: [] },
      /"n" must not have both given and raw/,
    ],
    ['a name used twice', { name: 'an IBAN goes to core banking', then: [] }, /two vectors are called/],
  ])('says what is wrong with %s', (_what, vector, message) => {
    edit(join(vectors, 'request-check.json'), (text) => {
      const file = JSON.parse(text) as { vectors: unknown[] };
      file.vectors.push(vector);
      return JSON.stringify(file);
    });
    expect(problems()).toEqual([expect.stringMatching(message)]);
  });

  it('checks one file against the vectors that are named', () => {
    const changed = join(folder, 'changed.json');
    cpSync(join(scenarios, 'request-check.json'), changed);
    expect(problems(changed, join(vectors, 'request-check.json'))).toEqual([]);
  });
});

describe('vectors that extend others', () => {
  it('hold what the others hold, but for vectors of the same name', () => {
    writeFileSync(
      join(vectors, 'child.json'),
      JSON.stringify({
        about: 'as request-check, but for one',
        extends: 'request-check.json',
        base: { note: 'Other' },
        vectors: [{ name: 'an IBAN goes to core banking', given: {}, then: { topic: 'g2p.review' } }],
      }),
    );
    expect(problems(join(scenarios, 'request-check.json'), join(vectors, 'child.json'))).toEqual([
      'The vector "an IBAN goes to core banking" does not hold: expected g2p.review, got g2p.filtered-requests.',
    ]);
  });

  it('are refused where they extend themselves', () => {
    const own = { about: 'x', extends: 'request-check.json', vectors: [] };
    writeFileSync(join(vectors, 'request-check.json'), JSON.stringify(own));
    expect(problems()).toEqual([expect.stringMatching(/extends itself/)]);
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BadJson, DEPTH_MAX, parseExact } from './exact-json.js';
import { findList, nextItem } from './json-list.js';

/** Reads the document by cutting its list; `undefined` where there is none to cut. */
function readCut(text: string | Buffer): unknown {
  const bytes = Buffer.from(text);
  const found = findList(bytes, 'message', ['disbursements', 'disburemsents']);
  if (found === undefined) return undefined;
  const items: unknown[] = [];
  let at = found.from;
  for (;;) {
    const item = nextItem(bytes, at, items.length === 0);
    if (item.kind === 'more') throw new BadJson('The body ends in the middle of the JSON.');
    if (item.kind === 'end') {
      at = item.at;
      break;
    }
    items.push(parseExact(bytes.subarray(item.start, item.end), DEPTH_MAX - 3));
    at = item.end;
  }
  const rest = parseExact(Buffer.concat([bytes.subarray(0, found.from), bytes.subarray(at)])) as {
    message: Record<string, unknown>;
  };
  expect(rest.message[found.name]).toEqual([]);
  rest.message[found.name] = items;
  return rest;
}

/** The value, or that it is refused. */
function verdict(read: () => unknown): unknown {
  try {
    return { value: read() };
  } catch (error) {
    if (error instanceof BadJson) return 'refused';
    throw error;
  }
}

const item = fc.oneof(
  { weight: 3, arbitrary: fc.json({ maxDepth: 3 }) },
  {
    weight: 3,
    arbitrary: fc.constantFrom('{"reference_id":"r","amount":1.10}', ' {"x":"]"} ', '-0.50', '"a\\"]"'),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '{"a":[1},{"b":2]}',
      '1,2',
      '[',
      '',
      '"\\u0000"',
      '{"a":1,"a":2}',
      '\ufeff1',
      'tru',
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom('{"__proto__":1}', '"\\ud83c"', '01', '{"a"}') },
);
const space = fc.constantFrom('', ' ', '\n', '\r\n\t');
const key = fc.constantFrom(
  'disbursements',
  'disburemsents',
  'disburse\\u006dents',
  '\\u0064isbursements',
  'other',
);

/** The first one in three of four cases. */
function often(first: string, ...others: string[]): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant(first) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  );
}

/** Documents that are nearly, or really, disburse messages. */
const documents = fc
  .record({
    before: fc.constantFrom(
      '',
      '"header":{"message":{"disbursements":[1]}},',
      '"message":1,',
      '"m":"\\"message\\":{",',
    ),
    parent: fc.constantFrom('message', 'mess\\u0061ge', 'header'),
    first: fc.constantFrom(
      '',
      '"transaction_id":"t",',
      '"x":{"disbursements":[2]},',
      '"disbursements":null,',
    ),
    key,
    space,
    items: fc.array(item, { maxLength: 4 }),
    after: often('', ',"a":{}', ',"disbursements":[7]', ',"disburemsents":[8]', ',', ']'),
    end: often('}}', '}', '}}}', '}},"message":{}}', '},"message":{}}', '},"signature":""}'),
  })
  .map(
    ({ before, parent, first, key: name, space: gap, items, after, end }) =>
      `{${before}"${parent}":{${first}"${name}":${gap}[${gap}${items.join(`${gap},${gap}`)}${gap}]${after}${end}`,
  );

describe('a list that is cut from its document', () => {
  it('a document read with its list cut out is what parseExact reads, and both refuse the same documents', () => {
    let [cut, refused] = [0, 0];
    fc.assert(
      fc.property(documents, (text) => {
        const expected = verdict(() => parseExact(Buffer.from(text)));
        const actual = verdict(() => readCut(text));
        if (JSON.stringify(actual) === '{}') return;
        cut += 1;
        if (actual === 'refused') refused += 1;
        expect(actual).toEqual(expected);
      }),
      { numRuns: 5000 },
    );
    // The comparison is worth something only where both verdicts come up often.
    expect([cut > 1000, refused > 300, cut - refused > 300]).toEqual([true, true, true]);
  });

  it('bytes changed at random never make a document that only one of the two takes', () => {
    const text =
      '{"header":{"a":1},"message":{"transaction_id":"t","disbursements":[{"a":"é","b":[1,2]},{"c":-1.5e3}]}}';
    fc.assert(
      fc.property(fc.nat(text.length), fc.nat(255), (at, byte) => {
        const bytes = Buffer.from(text);
        bytes[at] = byte;
        const actual = verdict(() => readCut(bytes));
        if (JSON.stringify(actual) !== '{}') expect(actual).toEqual(verdict(() => parseExact(bytes)));
      }),
      { numRuns: 5000 },
    );
  });

  it('an element may be as deep as in the whole document, and no deeper', () => {
    const nested = (levels: number): string =>
      `{"message":{"disbursements":[${'['.repeat(levels)}${']'.repeat(levels)}]}}`;
    for (const levels of [60, 61, 62])
      expect(verdict(() => readCut(nested(levels)))).toEqual(
        verdict(() => parseExact(Buffer.from(nested(levels)))),
      );
    expect(verdict(() => readCut(nested(62)))).toBe('refused');
  });

  it('a piece of an element is not taken for the whole', () => {
    const bytes = Buffer.from('{"a":"\\"]}"} , 12345,"text"');
    for (let end = 0; end < 12; end += 1)
      expect(nextItem(bytes.subarray(0, end), 0, true)).toEqual({ kind: 'more' });
    expect(nextItem(bytes.subarray(0, 18), 12, false)).toEqual({ kind: 'more' });
    expect(nextItem(bytes, 12, false)).toEqual({ kind: 'item', start: 15, end: 20 });
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BadJson, NumberText, isNumberText, parseExact, parseExactInSlices, plain } from './exact-json.js';

const parse = (text: string): unknown => parseExact(Buffer.from(text));

/** The value as JSON.parse would give it. */
function asFloats(value: unknown): unknown {
  if (value instanceof NumberText) return Number(value.text);
  if (Array.isArray(value)) return value.map(asFloats);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asFloats(item)]));
}

/** What it gives, with the order of the keys, or what it refuses with. */
async function settled(read: () => Promise<unknown>): Promise<unknown> {
  try {
    const value = await read();
    return { value, text: JSON.stringify(value) };
  } catch (error) {
    return { refused: (error as BadJson).name };
  }
}

describe('parseExact', () => {
  it('reads every JSON document as JSON.parse does, in one piece and in slices', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.json({ maxDepth: 5 }).filter((text) => !text.includes('__proto__')),
        async (text) => {
          const expected: unknown = JSON.parse(text);
          expect(asFloats(parse(text))).toEqual(expected);
          expect(asFloats(await parseExactInSlices(Buffer.from(text)))).toEqual(expected);
          expect(asFloats(parse(JSON.stringify(expected, null, 2)))).toEqual(expected);
        },
      ),
    );
  });

  it('makes the same of a line, or refuses it alike, as the reader of whole documents does', async () => {
    const key = fc.constantFrom('amount', 'a', 'note', '', '__proto__', 'é', 'a:1');
    const value = fc.constantFrom(
      ...[
        '"a"',
        '"amount"',
        '"\\u0041"',
        '"x: 1"',
        '"\u{1F33E}"',
        '"a:1"',
        'null',
        'true',
        'false',
        '{}',
        '[1]',
      ],
      ...[
        '{"a":1}',
        '100.50',
        '-0',
        '1e20000',
        '9007199254740993.10',
        '01',
        '1.',
        '.5',
        '+1',
        '"',
        '"\n"',
        '',
      ],
    );
    const space = fc.constantFrom('', ' ', '\r\n\t', '\u00a0');
    const field = fc.tuple(space, key, space, value).map(([a, name, b, text]) => `${a}"${name}"${b}:${text}`);
    const line = fc
      .tuple(fc.array(field, { maxLength: 4 }), fc.constantFrom('{', '{', '{', '[', ' {', '\ufeff{'))
      .map(([fields, open]) => `${open}${fields.join(',')}}`);
    await fc.assert(
      fc.asyncProperty(line, async (text) => {
        const whole = await settled(() => parseExactInSlices(Buffer.from(text)));
        expect(await settled(() => Promise.resolve(text).then(parse))).toEqual(whole);
      }),
      { numRuns: 3000 },
    );
  });

  it('D3: keeps every digit of a number, which a float would lose', () => {
    const { amount } = parse('{"amount": 9007199254740993.10}') as { amount: unknown };
    expect(isNumberText(amount)).toBe(true);
    expect(plain(amount as NumberText)).toBe('9007199254740993.10');
    expect(JSON.stringify({ amount })).toBe('{"amount":"9007199254740993.10"}');
  });

  it('no text of a sender can pass for a number', () => {
    const { note } = parse('{"note": "\uf8ff12"}') as { note: unknown };
    expect(note).toBe('\uf8ff12');
    expect(isNumberText(note)).toBe(false);
  });

  it('text that is cut between two slices of bytes is whole again', async () => {
    const name = 'é\u{1F33E}'.repeat(400_000);
    expect(await parseExactInSlices(Buffer.from(JSON.stringify([name])))).toEqual([name]);
  });

  it.each([
    ['an end too early', '{"a":'],
    ['two documents', '{} {}'],
    ['a comma too many in a list', '[1,]'],
    ['a comma too many in an object', '{"a":1,}'],
    ['a leading zero', '[01]'],
    ['a plus sign', '[+1]'],
    ['a point without digits', '[1.]'],
    ['NaN', '[NaN]'],
    ['single quotes', "{'a':1}"],
    ['a key without value', '{"a"}'],
    ['a wrong bracket', '[1}'],
    ['a raw line break in a text', '["a\nb"]'],
    ['an unknown escape', '["\\x41"]'],
    ['NUL', '["a\\u0000b"]'],
    ['half a surrogate pair', '["\\ud83c"]'],
    ['the other half', '["\\udf3e"]'],
    ['a repeated key', '{"amount":"1.00","amount":"9.00"}'],
    ['a repeated key, escaped differently', '{"amount":"1.00","\\u0061mount":"9.00"}'],
    ['the key __proto__', '{"__proto__":{"a":1}}'],
    ['the key __proto__, escaped', '{"\\u005f_proto__":{"a":1}}'],
    ['65 levels', '['.repeat(65) + ']'.repeat(65)],
    ['a million levels', '['.repeat(1_000_000)],
    ['an unquoted word', '[nul]'],
  ])('refuses %s', async (_what, text) => {
    expect(() => parse(text)).toThrow(BadJson);
    await expect(parseExactInSlices(Buffer.from(text))).rejects.toThrow(BadJson);
  });

  it('refuses bytes that are not UTF-8, half a character at the end too', async () => {
    expect(() => parseExact(Buffer.from([0x22, 0xe9, 0x22]))).toThrow(BadJson);
    await expect(parseExactInSlices(Buffer.from([0x22, 0x41, 0x22, 0xc3]))).rejects.toThrow(BadJson);
    expect(() => parseExact(Buffer.from('"é"', 'utf16le'))).toThrow(BadJson);
  });

  it('the names of inherited members are plain keys', () => {
    expect(parse('{"constructor":true,"toString":"x"}')).toEqual({ constructor: true, toString: 'x' });
  });
});

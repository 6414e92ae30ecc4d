import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { loadRules } from './rules.folder.js';
import { answerLine, runLines } from './rules.run.js';

const { scenario } = loadRules({ path: 'nussknacker/scenarios/response-routing.json', name: '' });

async function run(chunks: (string | Buffer)[]): Promise<{ lines: string[]; unrouted: number }> {
  const output = new PassThrough();
  const unrouted = await runLines(scenario, Readable.from(chunks.map((chunk) => Buffer.from(chunk))), output);
  const text = (output.read() as Buffer | null)?.toString() ?? '';
  return { lines: text === '' ? [] : text.trimEnd().split('\n'), unrouted };
}

const settled = '{"key":"k","value":{"outcome":"settled"}}';

describe('rules run', () => {
  it('answers each line with one line, in order, wherever the input is cut', async () => {
    const input = Array.from(
      { length: 50 },
      (_, n) => `{"key":"k${n}","value":{"outcome":"${n % 2 === 0 ? 'settled' : 'returned'}","n":"é${n}"}}\n`,
    ).join('');
    const whole = await run([input]);
    expect(whole.lines.map((line) => (JSON.parse(line) as { key: string; topic: string }).key)).toEqual(
      Array.from({ length: 50 }, (_, n) => `k${n}`),
    );
    const bytes = Buffer.from(input);
    const pieces = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, n) =>
      bytes.subarray(n * 7, n * 7 + 7),
    );
    expect(await run(pieces)).toEqual(whole);
  });

  it('answers the last line also without a line end, and takes \\r\\n', async () => {
    expect((await run([`${settled}\r\n${settled}`])).lines).toHaveLength(2);
    expect((await run([])).lines).toEqual([]);
  });

  it('answers a line before the next one comes', async () => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    const done = runLines(scenario, input, output);
    input.write(`${settled}\n`);
    const first = (await once(output, 'data')) as [Buffer];
    expect(JSON.parse(first[0].toString())).toMatchObject({ topic: 'g2p.success' });
    input.end();
    await done;
  });

  it('does not take other line separators inside a text for the end of a line', async () => {
    const { lines } = await run([`{"key":"a\u2028b","value":{"outcome":"settled","message":"x\u2029y"}}\n`]);
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0]!)).toMatchObject({ topic: 'g2p.success', key: 'a\u2028b' });
  });

  it('passes numbers and texts on with every digit', () => {
    const value = '{"outcome":"settled","big":12345678901234567890,"dec":1.10,"list":[{"a":"},\\"]"},2.0]}';
    expect(answerLine(scenario, Buffer.from(`{ "value" : ${value} , "key" : "k,\\"{" }`)).text).toBe(
      `{"topic":"g2p.success","key":"k,\\"{","value":${value}}`,
    );
  });

  it('keeps a record without key without key', () => {
    for (const line of ['{"key":null,"value":{}}', '{"value":{}}'])
      expect(JSON.parse(answerLine(scenario, Buffer.from(line)).text)).toMatchObject({
        topic: 'g2p.review',
        key: null,
      });
  });

  it.each([
    ['null in a text field', '{"key":"k","value":{"reason":null}}'],
    ['a value that is a text', '{"key":"k","value":"settled"}'],
    ['no value at all, a tombstone', '{"key":"k","value":null}'],
  ])('%s goes to no topic and says why, with the value as it came', (_what, line) => {
    const { text, routed } = answerLine(scenario, Buffer.from(line));
    const { value } = JSON.parse(line) as { value: unknown };
    expect(routed).toBe(false);
    expect(JSON.parse(text)).toEqual({
      topic: null,
      key: 'k',
      value,
      error: expect.any(String) as unknown,
      node: 'Response',
    });
  });

  it.each([
    ['an empty line', ''],
    ['no JSON', 'settled'],
    ['half a line', '{"key":"k","value":{'],
    ['a list', '[]'],
    ['null', 'null'],
    ['no value', '{"key":"k"}'],
    ['a number as key', '{"key":1,"value":{}}'],
    ['broken UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
  ])('%s is answered as unreadable', (_what, line) => {
    const { text, routed } = answerLine(scenario, Buffer.from(line));
    expect(routed).toBe(false);
    expect(text).not.toContain('\n');
    expect(JSON.parse(text)).toEqual({
      topic: null,
      key: null,
      value: null,
      error: expect.stringMatching(/^The input line is unreadable: /) as unknown,
    });
  });

  it('goes on after an unreadable line and counts the lines that went nowhere', async () => {
    const { lines, unrouted } = await run([`${settled}\n\nx\n${settled}\n`]);
    expect(lines.map((line) => (JSON.parse(line) as { topic: string | null }).topic)).toEqual([
      'g2p.success',
      null,
      null,
      'g2p.success',
    ]);
    expect(unrouted).toBe(2);
  });
});

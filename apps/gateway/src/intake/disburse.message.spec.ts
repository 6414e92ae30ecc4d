import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ApiError } from '../api-error.js';
import { SenderRegistry } from '../senders/sender-registry.js';
import { readDisburseMessage } from './disburse.message.js';

const senders = SenderRegistry.fromFile('examples/senders.json');

/** So much space before the document that its list is not looked for, and it is read as a whole. */
const WHOLE = ' '.repeat(300_000);

async function verdict(id: string, text: string, linesMax = 3): Promise<unknown> {
  try {
    const { envelope, transactionId, lines, refused } = await readDisburseMessage(
      senders.get(id)!,
      Buffer.from(text),
      linesMax,
    );
    return { header: envelope.header, transactionId, lines, refused };
  } catch (error) {
    if (error instanceof ApiError) return error.code;
    throw error;
  }
}

const often = (first: string, ...others: string[]): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constant(first) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  );

const header =
  '{"message_id":"m","message_ts":"2026-11-24T08:00:00Z","action":"disburse","sender_id":"strict.example.org","total_count":2}';
const line = (reference: string): string =>
  `{"reference_id":"${reference}","payee_fa":"phone:1@m","amount":10.10,"currency_code":"KES"}`;
const item = often(
  line('a'),
  line('b'),
  '{}',
  '1',
  '[]',
  '"t"',
  '{"reference_id":"a","reference_id":"b"}',
  '{"a":1',
  '01',
);
const documents = fc
  .record({
    header: often(
      header,
      '{}',
      '{"action":"link"}',
      header.replace('2}', '3}'),
      '{"message":{"disbursements":[]}}',
      'null',
    ),
    id: often('"t-1"', '""', '7', 'null', '{}', `"${'x'.repeat(100)}"`),
    name: often('disbursements', 'disburemsents', 'disburse', 'disbursements\\u0000', '\\u0064isbursements'),
    items: fc.array(item, { maxLength: 4 }),
    after: often(
      '',
      ',"disbursements":[1]',
      ',"disburemsents":[1]',
      ',"disbursements":null',
      ',"ciphertext":"c","iv":"i","tag":"t"',
    ),
    end: often('}}', '}', '}} x', '},"message":{}}', '},"signature":"s"}'),
  })
  .map(
    ({ header: head, id, name, items, after, end }) =>
      `{"header":${head},"message":{"transaction_id":${id},"${name}":[${items.join(',')}]${after}${end}`,
  );

describe('a disburse body that is read line by line', () => {
  beforeAll(async () => {
    expect(
      await verdict(
        'strict',
        `{"header":${header},"message":{"transaction_id":"t","disbursements":[${line('a')},${line('b')}]}}`,
      ),
    ).toMatchObject({
      transactionId: 't',
      lines: [{ referenceId: 'a', amount: '10.10' }, { referenceId: 'b' }],
    });
  });

  it.each(['strict', 'openg2p'])(
    'profile %s: the result, or the code of the refusal, is that of reading it as a whole',
    async (sender) => {
      const seen = new Map<string, number>();
      await fc.assert(
        fc.asyncProperty(documents, async (text) => {
          const cut = await verdict(sender, text);
          // Too many lines are refused before the rest is read, so that what comes behind is not judged.
          const kind = typeof cut === 'string' ? cut : 'taken';
          seen.set(kind, (seen.get(kind) ?? 0) + 1);
          if (kind !== 'rjct.total_count.limit_exceeded')
            expect(cut).toEqual(await verdict(sender, WHOLE + text));
        }),
        { numRuns: 300 },
      );
      for (const kind of [
        'taken',
        'err.request.bad',
        'err.encryption.invalid',
        'rjct.total_count.limit_exceeded',
      ])
        expect([kind, (seen.get(kind) ?? 0) > 1]).toEqual([kind, true]);
    },
    60_000,
  );

  it('an element of more than a megabyte is read as a whole', async () => {
    const long = line('a').replace('}', `,"note":"${'n'.repeat(2_000_000)}"}`);
    expect(
      await verdict('openg2p', `{"message":{"transaction_id":"t","disbursements":[${long}]}}`),
    ).toMatchObject({
      lines: [{ referenceId: 'a' }],
    });
  });
});

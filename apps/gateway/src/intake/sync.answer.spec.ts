import { describe, expect, it } from '@jest/globals';
import { StreamableFile } from '@nestjs/common';
import { PROFILES } from '@gpo/g2p-connect-schemas';
import { SenderRegistry } from '../senders/sender-registry.js';
import type { Disbursed } from './disburse.service.js';
import { readLines } from './submission.reader.js';
import { syncAnswer } from './sync.answer.js';

interface Answer {
  signature: string;
  header: object;
  message: { disbursements_status: { reference_id: string; status: string }[] };
}

const sender = SenderRegistry.fromFile('examples/senders.json').get('strict')!;

async function disbursed(count: number): Promise<Disbursed> {
  const raw = Array.from({ length: count }, (_, index) => ({
    ...(index % 7 === 3 ? {} : { reference_id: `r-${index}` }),
    payee_fa: 'phone:1@m',
    amount: index % 5 === 2 ? '1.005' : '10.00',
    currency_code: 'KES',
  }));
  const lines = await readLines(sender, PROFILES.strict, 't', raw);
  return {
    envelope: { header: { signature: 's' }, message: {} },
    submission: { transactionId: 't', messageId: 'm', callbackUrl: null, channel: 'rest', ...lines },
    acceptance: {
      batchId: 'b',
      correlationId: 'c',
      conflicting: lines.lines.slice(0, 1),
      conflictsTold: false,
      added: 0,
      duplicatePayees: 0,
    },
  };
}

async function read(answer: Record<string, unknown> | StreamableFile): Promise<Answer> {
  if (!(answer instanceof StreamableFile)) return JSON.parse(JSON.stringify(answer)) as Answer;
  const pieces: string[] = [];
  for await (const piece of answer.getStream()) pieces.push(String(piece));
  expect(pieces.length).toBeGreaterThan(2);
  return JSON.parse(pieces.join('')) as Answer;
}

describe('the synchronous answer', () => {
  it.each([8, 500, 501, 1000, 1234])(
    'of %i lines tells each of them, in the order they came',
    async (count) => {
      const { header, message, signature } = await read(syncAnswer(sender, await disbursed(count), 'gpo'));
      expect([signature, header]).toMatchObject(['', { status: 'rcvd', total_count: count }]);
      const told = message.disbursements_status;
      expect(told.map(({ reference_id }) => reference_id)).toEqual(
        Array.from({ length: count }, (_, index) => (index % 7 === 3 ? '' : `r-${index}`)),
      );
      expect(told.map(({ status }) => status)).toEqual(
        Array.from({ length: count }, (_, index) =>
          index === 0 || index % 7 === 3 || index % 5 === 2 ? 'rjct' : 'rcvd',
        ),
      );
    },
  );
});

import {
  contentDigest,
  disbursementId,
  readLine,
  type LineReading,
  type Profile,
} from '@gpo/g2p-connect-schemas';
import { mayPayFrom, type Sender } from '../senders/sender.js';
import type { NewLine } from './batch.repository.js';
import type { NewRefusedLine } from './refused-line.repository.js';

const BLOCK_MS = 15;

/**
 * Reads the raw lines of a message. A bad line never costs a good one: it becomes a line with violations, or a
 * refused line where it can have no row. Yields to the event loop, so that 100,000 lines stall nobody.
 */
export async function readLines(
  sender: Sender,
  profile: Profile,
  transactionId: string,
  raw: readonly unknown[],
): Promise<{ lines: NewLine[]; refused: NewRefusedLine[] }> {
  const lines: NewLine[] = [];
  const refused: NewRefusedLine[] = [];
  const seen = new Set<string>();
  let since = performance.now();
  for (const [index, item] of raw.entries()) {
    const lineNo = index + 1;
    const reading = readLine(item, profile, { payerFa: sender.default_payer_fa });
    if (reading.kind === 'refused') {
      refused.push({
        lineNo,
        referenceId: reading.referenceId ?? null,
        errors: reading.errors,
        message: reading.message,
        line: item,
      });
    } else if (seen.has(reading.referenceId)) {
      refused.push(repeated(lineNo, reading.referenceId, item));
    } else {
      seen.add(reading.referenceId);
      lines.push(newLine(sender, transactionId, lineNo, reading));
    }
    if (index % 256 === 255 && performance.now() - since > BLOCK_MS) {
      await new Promise((resolve) => setImmediate(resolve));
      since = performance.now();
    }
  }
  return { lines, refused };
}

function repeated(lineNo: number, referenceId: string, line: unknown): NewRefusedLine {
  return {
    lineNo,
    referenceId,
    errors: ['rjct.reference_id.duplicate'],
    message: 'This reference_id stands earlier in the same message.',
    line,
  };
}

/** A line as it is stored; also for lines that a direct producer wrote to Kafka. */
export function newLine(
  sender: Sender,
  transactionId: string,
  lineNo: number,
  reading: Extract<LineReading, { kind: 'line' }>,
): NewLine {
  const payerAllowed = mayPayFrom(sender, reading.payerFa);
  const violations = payerAllowed ? reading.violations : [...reading.violations, 'rjct.payer_fa.invalid'];
  return {
    disbursementId: disbursementId(sender.id, transactionId, reading.referenceId),
    lineNo,
    referenceId: reading.referenceId,
    digest: contentDigest(reading),
    payerFa: reading.payerFa,
    payerAbsent: reading.payerAbsent,
    payeeFa: reading.payeeFa,
    payeeScheme: reading.payeeScheme,
    payeeId: reading.payeeId,
    payeeProvider: reading.payeeProvider,
    payerName: reading.payerName ?? null,
    payeeName: reading.payeeName ?? null,
    amount: reading.amount,
    amountMinor: reading.amountMinor,
    currencyCode: reading.currencyCode,
    exponent: reading.exponent,
    note: reading.note ?? null,
    purpose: reading.purpose ?? null,
    instruction: reading.instruction ?? null,
    locale: reading.locale ?? null,
    scheduledTimestamp: reading.scheduledTimestamp ?? null,
    dueAt: reading.dueAt,
    violations: [...new Set(violations)],
  };
}

import {
  Slices,
  contentDigest,
  disbursementId,
  readLine,
  type LineDefaults,
  type LineReading,
  type Profile,
} from '@gpo/g2p-connect-schemas';
import { needsMapper } from '../mapper/mapper.setting.js';
import { mayPayFrom, type Sender } from '../senders/sender.js';
import type { NewLine } from './batch.repository.js';
import type { NewRefusedLine } from './refused-line.repository.js';

const LINES_PER_LOOK = 64;

/** Lines of one slice: few, so that the database has the first ones soon. */
const SLICE_LINES = 250;

/** Consecutive lines of a message, read. */
export interface LineSlice {
  lines: NewLine[];
  refused: NewRefusedLine[];
}

/**
 * Reads the raw lines of a message slice by slice, so that a long one need never be in memory as a whole. A bad line
 * never costs a good one: it becomes a line with violations, or a refused line where it can have no row. Yields to the
 * event loop, so that 100,000 lines stall nobody.
 */
export async function* readSlices(
  sender: Sender,
  profile: Profile,
  transactionId: string,
  raw: Iterable<unknown>,
): AsyncGenerator<LineSlice> {
  const [seen, slices, defaults] = [new Set<string>(), new Slices(), lineDefaults(sender)];
  let slice: LineSlice = { lines: [], refused: [] };
  let lineNo = 0;
  for (const item of raw) {
    lineNo += 1;
    const reading = readLine(item, profile, defaults);
    if (reading.kind === 'refused') slice.refused.push(refusedLine(lineNo, reading, item));
    else {
      const line = newLine(sender, transactionId, lineNo, reading);
      // Ids stand for references: these are slices of the body's text and would keep it in memory.
      if (seen.has(line.disbursementId)) slice.refused.push(repeated(lineNo, reading.referenceId, item));
      else {
        seen.add(line.disbursementId);
        slice.lines.push(line);
      }
    }
    if (lineNo % LINES_PER_LOOK === 0 && slices.isOver) await slices.rest();
    if (lineNo % SLICE_LINES > 0) continue;
    yield slice;
    slice = { lines: [], refused: [] };
  }
  if (slice.lines.length + slice.refused.length > 0) yield slice;
}

/** All lines of a message at once. */
export async function readLines(
  sender: Sender,
  profile: Profile,
  transactionId: string,
  raw: Iterable<unknown>,
): Promise<LineSlice> {
  return collect(readSlices(sender, profile, transactionId, raw));
}

/** Slices as one. */
export async function collect(slices: AsyncIterable<LineSlice>): Promise<LineSlice> {
  const whole: LineSlice = { lines: [], refused: [] };
  for await (const { lines, refused } of slices) {
    whole.lines.push(...lines);
    whole.refused.push(...refused);
  }
  return whole;
}

function refusedLine(
  lineNo: number,
  { referenceId, errors, message }: Extract<LineReading, { kind: 'refused' }>,
  item: unknown,
): NewRefusedLine {
  return { lineNo, referenceId: referenceId ?? null, errors, message, line: keptLine(item) };
}

/** What the sender's settings add to a line; also for lines that a direct producer wrote to Kafka. */
export function lineDefaults(sender: Sender): LineDefaults {
  const { default_payer_fa: payerFa, bare_account: bareAccount } = sender;
  return bareAccount === undefined ? { payerFa } : { payerFa, bareAccount };
}

const KEPT_LINE_MAX = 16_384;

/** A refused line as it is kept and published: whole, or the beginning of its JSON where it would fill a Kafka record. */
export function keptLine(line: unknown): unknown {
  const json = JSON.stringify(line);
  return json.length <= KEPT_LINE_MAX
    ? line
    : { beginning: json.slice(0, KEPT_LINE_MAX).replace(/[\ud800-\udbff]$/, '') };
}

/** A line whose reference stands earlier in its message. */
export function repeated(lineNo: number, referenceId: string, line: unknown): NewRefusedLine {
  return {
    lineNo,
    referenceId,
    errors: ['rjct.reference_id.duplicate'],
    message: 'This reference_id stands earlier in the same message.',
    line: keptLine(line),
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
    violations: violations.length > 1 ? [...new Set(violations)] : violations,
    unresolved: violations.length === 0 && needsMapper(sender, reading),
  };
}

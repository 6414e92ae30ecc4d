import { Readable } from 'node:stream';
import { StreamableFile } from '@nestjs/common';
import { Slices } from '@gpo/g2p-connect-schemas';
import type { Sender } from '../senders/sender.js';
import { lineStatus } from '../status/line-status.js';
import { toldContent, type NewLine } from './batch.repository.js';
import type { Disbursed } from './disburse.service.js';
import { CONFLICT } from './message-refusals.js';
import type { NewRefusedLine } from './refused-line.repository.js';

/** Answers with more lines are written piece by piece: 100,000 at once would stall everybody. */
const LINES_AT_ONCE = 500;

/** The synchronous DisburseResponse: one status per line, in the order they came. */
export function syncAnswer(
  sender: Sender,
  disbursed: Disbursed,
  gatewayId: string,
): Record<string, unknown> | StreamableFile {
  const { submission } = disbursed;
  const head = answerHead(sender, disbursed, gatewayId);
  const count = submission.lines.length + submission.refused.length;
  if (count <= LINES_AT_ONCE)
    return { ...head, message: { ...head.message, disbursements_status: [...statuses(disbursed)] } };
  return new StreamableFile(Readable.from(text(head, statuses(disbursed))), {
    type: 'application/json; charset=utf-8',
  });
}

interface AnswerHead {
  signature?: string;
  header: Record<string, unknown>;
  message: Record<string, unknown>;
}

function answerHead(
  sender: Sender,
  { envelope, submission, acceptance }: Disbursed,
  gatewayId: string,
): AnswerHead {
  const conflicting = new Set(acceptance.conflicting);
  const open = submission.lines.some((line) => line.violations.length === 0 && !conflicting.has(line));
  const head = {
    header: {
      version: '1.0.0',
      message_id: submission.messageId,
      message_ts: new Date().toISOString(),
      action: 'on-disburse',
      status: open ? 'rcvd' : 'rjct',
      ...(open ? {} : { status_reason_code: 'rjct.errors.too_many' }),
      total_count: submission.lines.length + submission.refused.length,
      completed_count: 0,
      sender_id: gatewayId,
      receiver_id: sender.id,
      is_msg_encrypted: false,
    },
    message: { transaction_id: submission.transactionId, correlation_id: acceptance.correlationId },
  };
  return typeof envelope.header.signature === 'string' ? { signature: '', ...head } : head;
}

/** Lines and refused lines are in order each; this is their common order. */
function* statuses({ submission, acceptance }: Disbursed): Generator<Record<string, unknown>> {
  const now = new Date();
  const conflicting = new Set(acceptance.conflicting);
  const { lines, refused: refusedLines } = submission;
  let next = 0;
  for (const line of lines) {
    while (next < refusedLines.length && refusedLines[next]!.lineNo < line.lineNo)
      yield refused(refusedLines[next++]!, now);
    yield answered(line, conflicting.has(line), now);
  }
  for (const line of refusedLines.slice(next)) yield refused(line, now);
}

/** The answer's JSON, the list of statuses in pieces. */
async function* text(head: AnswerHead, lines: Iterable<unknown>): AsyncGenerator<string> {
  const whole = JSON.stringify({ ...head, message: { ...head.message, disbursements_status: [] } });
  const slices = new Slices();
  // The message is the last member, and the list the last of the message: it ends with ]}}.
  yield whole.slice(0, -3);
  let piece: string[] = [];
  let comma = '';
  for (const line of lines) {
    piece.push(JSON.stringify(line));
    if (piece.length < LINES_AT_ONCE) continue;
    yield comma + piece.join();
    piece = [];
    comma = ',';
    if (slices.isOver) await slices.rest();
  }
  if (piece.length > 0) yield comma + piece.join();
  yield whole.slice(-3);
}

/** Protocol rule B: other content under a known reference is a duplicate reference, and touches nothing. */
function answered(line: NewLine, conflicting: boolean, now: Date): Record<string, unknown> {
  const violations = conflicting ? [CONFLICT.code] : line.violations;
  return lineStatus(
    {
      reference_id: line.referenceId,
      state: violations.length > 0 ? 'malformed' : 'received',
      reason: violations[0] ?? null,
      message: conflicting ? CONFLICT.message : violations.join(', '),
      updated_at: now,
      ...toldContent(line),
    },
    violations.length > 0 ? 'rjct' : 'rcvd',
  );
}

function refused(line: NewRefusedLine, now: Date): Record<string, unknown> {
  return lineStatus({
    reference_id: line.referenceId,
    state: 'malformed',
    reason: line.errors[0] ?? null,
    message: line.message,
    updated_at: now,
  });
}

import type { HeadJson } from '@gpo/audit';
import { batchStatus, lineStatus, type LineStanding } from '../status/line-status.js';
import type { State } from '../outcome/states.js';

/** The batch a callback is about, with its counts at the moment the callback is made. */
export interface CallbackBatch {
  batch_id: string;
  sender_id: string;
  transaction_id: string;
  correlation_id: string;
  total: number;
  final: number;
  succeeded: number;
}

/** A line to be told: its state when it became final, and the row for the rest. */
export interface CallbackLine extends Omit<LineStanding, 'state'> {
  told_state: State;
  row_state: State;
}

export interface CallbackHead {
  callbackId: string;
  version: number;
  gatewayId: string;
  /** False when further chunks of this batch are waiting, so that the header says pdng. */
  last: boolean;
  /** Head of the audit chain behind the first line told; none where no line has history. */
  audit?: HeadJson | undefined;
  /** Set where the lines are the refused ones of one message, outside the counts of its batch: that message's id. */
  ofMessage?: string;
}

/** The on-disburse message (G2P Connect DisburseResponse with callback header; D4, D16, D24). */
export function callbackBody(
  batch: CallbackBatch,
  lines: readonly CallbackLine[],
  head: CallbackHead,
): string {
  const timestamp = new Date().toISOString();
  return JSON.stringify({
    signature: '',
    header: {
      version: '1.0.0',
      message_id: head.callbackId,
      message_ts: timestamp,
      action: 'on-disburse',
      status: head.last ? batchStatus(batch) : 'pdng',
      ...(head.last && batchStatus(batch) === 'rjct' ? { status_reason_code: 'rjct.errors.too_many' } : {}),
      total_count: batch.total,
      completed_count: batch.final,
      sender_id: head.gatewayId,
      receiver_id: batch.sender_id,
      is_msg_encrypted: false,
      meta: {
        batch_id: batch.batch_id,
        version: head.version,
        ...(head.audit === undefined ? {} : { audit: head.audit }),
        ...(head.ofMessage === undefined ? {} : { refused_lines_of_message_id: head.ofMessage }),
      },
    },
    message: {
      transaction_id: batch.transaction_id,
      correlation_id: batch.correlation_id,
      disbursements_status: lines.map(told),
    },
  });
}

/** A line that moved on meanwhile (settled, then returned) is told in the order it happened; the reason belongs to the row's state only. */
function told({ told_state, row_state, ...line }: CallbackLine): Record<string, unknown> {
  const current = told_state === row_state;
  return lineStatus({
    ...line,
    state: told_state,
    reason: current ? line.reason : null,
    message: current ? line.message : null,
  });
}

import { BadJson, batchId, parseExact, readLine } from '@gpo/g2p-connect-schemas';
import { UnreadableRecord, parseObject, type InRecord } from '@gpo/messaging';
import { ROUTED_FIELDS } from '../dispatch/request.message.js';
import { profileOf, type Sender } from '../senders/sender.js';
import type { SenderRegistry } from '../senders/sender-registry.js';
import type { NewLine } from './batch.repository.js';
import type { NewRefusedLine } from './refused-line.repository.js';
import { TRANSACTION_ID_MAX } from './disburse.message.js';
import { keptLine, lineDefaults, newLine } from './submission.reader.js';

/** A request that a direct producer wrote, read: a line that gets a row, or a refused one that can have none. */
export type DirectRequest = { record: InRecord; sender: Sender; transactionId: string } & (
  { line: NewLine; refused?: never } | { refused: NewRefusedLine; line?: never }
);

/**
 * Reads a record of g2p.request with the same checks as a line that came over REST, except that only text counts as
 * an amount (docs/kafka.md).
 * @throws UnreadableRecord where it belongs to no sender and batch, or claims ids that are not its own.
 */
export function readDirectRequest(record: InRecord, senders: SenderRegistry): DirectRequest {
  const value = parseObject(record);
  checkText(record.value!);
  const { sender_id: senderId, transaction_id: transactionId } = value;
  if (typeof senderId !== 'string' || typeof transactionId !== 'string' || transactionId === '') {
    throw new UnreadableRecord('no sender_id or transaction_id');
  }
  if (transactionId.length > TRANSACTION_ID_MAX) {
    throw new UnreadableRecord(`the transaction_id is longer than ${TRANSACTION_ID_MAX} characters`);
  }
  const sender = senders.get(senderId);
  if (sender === undefined) throw new UnreadableRecord('no sender has this sender_id');
  if (value.batch_id !== undefined && value.batch_id !== batchId(senderId, transactionId)) {
    throw new UnreadableRecord('batch_id does not belong to the other ids');
  }
  const reading = readLine(value, profileOf(sender), lineDefaults(sender));
  if (reading.kind === 'refused') {
    const { referenceId = null, errors, message } = reading;
    return {
      record,
      sender,
      transactionId,
      refused: { lineNo: 1, referenceId, errors, message, line: keptLine(value) },
    };
  }
  const line = newLine(sender, transactionId, 1, reading);
  if (value.disbursement_id !== undefined && value.disbursement_id !== line.disbursementId) {
    throw new UnreadableRecord('disbursement_id does not belong to the other ids');
  }
  const routed = line.violations.length === 0 && line.dueAt === null && isRoutable(value);
  // Its record is on its way to the rules already: what a sender writes to Kafka itself must be an address.
  return { record, sender, transactionId, line: { ...line, unresolved: false, routed } };
}

/** What PostgreSQL or the digest could not hold as it is: half surrogate pairs, bytes that are not UTF-8. */
function checkText(value: Buffer): void {
  try {
    parseExact(value);
  } catch (error) {
    if (error instanceof BadJson) throw new UnreadableRecord(error.message, { cause: error });
    throw error;
  }
}

function isRoutable(value: Record<string, unknown>): boolean {
  return ROUTED_FIELDS.every((field) => value[field] === undefined || typeof value[field] === 'string');
}

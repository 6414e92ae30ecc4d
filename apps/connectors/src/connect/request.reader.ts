import { comparableAmount, disbursementId, railId } from '@gpo/g2p-connect-schemas';
import { UnreadableRecord, parseObject, readScenarioHeader, type InRecord } from '@gpo/messaging';
import type { ClaimRequest } from './claim.repository.js';

const ATTEMPT_MAX = 32_767;

/**
 * Reads a filtered request. Of a record only ids, lane and attempt are used; the rest is compared with the row.
 * @throws UnreadableRecord when it is not one of ours.
 */
export function readClaimRequest(
  record: InRecord,
  refusedIdOf: (lane: string) => 'burnt' | 'free',
): ClaimRequest {
  const value = parseObject(record);
  const senderId = text(value, 'sender_id');
  const transactionId = text(value, 'transaction_id');
  const referenceId = text(value, 'reference_id');
  const id = disbursementId(senderId, transactionId, referenceId);
  if (value.disbursement_id !== undefined && value.disbursement_id !== id) {
    throw new UnreadableRecord('disbursement_id does not belong to the other ids');
  }
  const attemptNo = value.attempt ?? 1;
  if (
    typeof attemptNo !== 'number' ||
    !Number.isInteger(attemptNo) ||
    attemptNo < 1 ||
    attemptNo > ATTEMPT_MAX
  ) {
    throw new UnreadableRecord('attempt is not a whole number from 1');
  }
  const lane = text(value, 'lane');
  const currencyCode = text(value, 'currency_code');
  const payer = value.payer_fa;
  return {
    disbursementId: id,
    senderId,
    transactionId,
    referenceId,
    attemptNo,
    lane,
    money: {
      payerFa: typeof payer === 'string' && payer !== '' ? payer : undefined,
      payeeFa: text(value, 'payee_fa'),
      // What is no amount is compared as it is: its row holds the violation, and is never payable.
      amount: comparableAmount(text(value, 'amount'), currencyCode),
      currencyCode,
    },
    railId: railId(lane, id, attemptNo),
    reuseRefusedId: refusedIdOf(lane) === 'free',
    routedBy: readScenarioHeader(record.headers),
  };
}

function text(value: Record<string, unknown>, field: string): string {
  const found = value[field];
  if (typeof found !== 'string' || found === '') throw new UnreadableRecord(`no ${field}`);
  return found;
}

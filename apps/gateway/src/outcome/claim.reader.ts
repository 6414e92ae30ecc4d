import {
  comparableAmount,
  disbursementId,
  parseAmount,
  type DigestedContent,
} from '@gpo/g2p-connect-schemas';
import { TOPICS, UnreadableRecord, parseObject, readScenarioHeader, type InRecord } from '@gpo/messaging';
import type { Claim } from './decision.js';

const KIND_OF_TOPIC: Readonly<Record<string, Claim['kind']>> = {
  [TOPICS.success.name]: 'success',
  [TOPICS.failure.name]: 'failure',
  [TOPICS.retry.name]: 'retry',
  [TOPICS.review.name]: 'review',
  [TOPICS.malformedInput.name]: 'malformed',
  [TOPICS.onHold.name]: 'hold',
};

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const ATTEMPT_MAX = 32_767;
const LANE_CHARACTERS_MAX = 100;
/** A rule that would let a disbursement wait longer is a mistake, and the wait would hang it. */
const WAIT_MAX_MS = 366 * 86_400_000;

/**
 * @returns undefined for a refused line, and for a direct request without reference_id (intake keeps it as one): it has
 *   no row of its own, and its reference may be that of a good line.
 * @throws UnreadableRecord when the record is not one of ours; its bytes go to the dead-letter topic.
 */
export function readClaim(record: InRecord): Claim | undefined {
  const value = parseObject(record);
  if (value.refused_line !== undefined) return undefined;
  const kind = KIND_OF_TOPIC[record.topic];
  if (kind === undefined) throw new UnreadableRecord(`${record.topic} is not a result topic`);
  if (kind === 'malformed' && isNameless(value)) return undefined;
  const attemptNo = value.attempt ?? 1;
  if (
    typeof attemptNo !== 'number' ||
    !Number.isInteger(attemptNo) ||
    attemptNo < 1 ||
    attemptNo > ATTEMPT_MAX
  ) {
    throw new UnreadableRecord('attempt is not a whole number from 1');
  }
  const claim: Claim = {
    kind,
    disbursementId: readId(value),
    attemptNo,
    record: value,
    routedBy: readScenarioHeader(record.headers),
  };
  if (typeof value.lane === 'string' && value.lane.length <= LANE_CHARACTERS_MAX) claim.lane = value.lane;
  if (kind === 'retry') {
    if (typeof value.not_before !== 'number') throw new UnreadableRecord('a retry without not_before');
    if (value.not_before > Date.now() + WAIT_MAX_MS)
      throw new UnreadableRecord('not_before is more than a year away');
    claim.notBefore = value.not_before;
  }
  if (kind === 'malformed') claim.content = readContent(value);
  if (kind === 'hold') readHold(value, claim);
  if (Array.isArray(value.errors))
    claim.errors = value.errors.filter((code): code is string => typeof code === 'string');
  return claim;
}

/** What the record says of the payment; compared with the row's digest (rule B). */
function readContent(value: Record<string, unknown>): DigestedContent {
  const text = (field: string): string => (typeof value[field] === 'string' ? value[field] : '');
  const currencyCode = text('currency_code');
  return {
    payerFa: text('payer_fa'),
    payeeFa: text('payee_fa'),
    amount: comparableAmount(text('amount'), currencyCode),
    currencyCode,
  };
}

const HOLD_REASON_MAX = 500;

/** What is held is published again on release, so it must already be a request that connect can read. */
function readHold(value: Record<string, unknown>, claim: Claim): void {
  if (claim.attemptNo !== 1) throw new UnreadableRecord('only a first attempt can be put on hold');
  if (claim.lane === undefined || claim.lane === '') throw new UnreadableRecord('a hold without lane');
  const content = readContent(value);
  if (content.payeeFa === '' || !parseAmount(content.amount, content.currencyCode).ok)
    throw new UnreadableRecord('a hold without payee, or without an amount of its currency');
  claim.content = content;
  const { hold_reason: reason } = value;
  claim.holdReason =
    typeof reason === 'string' && reason !== '' ? reason.slice(0, HOLD_REASON_MAX) : 'The rules ask for it.';
}

function isNameless({
  sender_id: sender,
  transaction_id: transaction,
  reference_id: reference,
  disbursement_id: id,
}: Record<string, unknown>): boolean {
  const named = typeof sender === 'string' && typeof transaction === 'string';
  return named && id === undefined && (reference === undefined || reference === '');
}

/** A direct producer sends only what it knows, so the id is derived where it is absent and checked where it is there. */
function readId(value: Record<string, unknown>): string {
  const {
    sender_id: sender,
    transaction_id: transaction,
    reference_id: reference,
    disbursement_id: id,
  } = value;
  if (typeof sender === 'string' && typeof transaction === 'string' && typeof reference === 'string') {
    const derived = disbursementId(sender, transaction, reference);
    if (id !== undefined && id !== derived)
      throw new UnreadableRecord('disbursement_id does not belong to the other ids');
    return derived;
  }
  if (typeof id === 'string' && UUID.test(id)) return id;
  throw new UnreadableRecord('no disbursement_id, and not the ids to derive it from');
}

import { createHash } from 'node:crypto';
import type { Sql } from '@gpo/persistence';
import type { Sender } from '../senders/sender.js';
import { BridgeRefusal } from './bridge.codes.js';
import { today } from './bridge.envelope.js';
import type { BridgeLine } from './bridge.lines.js';
import type { Fields } from './bridge.message.js';
import { linesByReference, lockEnvelope, type StoredEnvelope } from './bridge.repository.js';

/** Locks an envelope that may still change. @throws BridgeRefusal where there is none, or it is cancelled. */
export async function openEnvelope(sql: Sql, senderId: string, id: string): Promise<StoredEnvelope> {
  const envelope = await lockEnvelope(sql, senderId, id);
  if (envelope === undefined) throw new BridgeRefusal('DISBURSEMENT_ENVELOPE_NOT_FOUND');
  if (envelope.cancelled) throw new BridgeRefusal('DISBURSEMENT_ENVELOPE_ALREADY_CANCELED');
  return envelope;
}

/** A payment that the client names once more is the one it named before. @throws BridgeRefusal where it is another one under that name. */
export async function newLines(
  sql: Sql,
  senderId: string,
  { envelope_id: envelopeId }: StoredEnvelope,
  lines: readonly BridgeLine[],
  made: Map<BridgeLine, string>,
): Promise<BridgeLine[]> {
  const references = lines.flatMap(({ misReference }) => misReference ?? []);
  const known = new Map(
    (await linesByReference(sql, senderId, envelopeId, references)).map((line) => [
      line.mis_reference_number,
      line,
    ]),
  );
  return lines.filter((line) => {
    const before = line.misReference === undefined ? undefined : known.get(line.misReference);
    if (before === undefined) return true;
    if (!before.digest.equals(digestLine(line)) || before.cancelled)
      throw new BridgeRefusal('INVALID_DISBURSEMENT_PAYLOAD');
    made.set(line, before.bridge_id);
    return false;
  });
}

/** @throws BridgeRefusal where more comes than was declared. */
export function requireRoom(envelope: StoredEnvelope, fresh: readonly BridgeLine[]): void {
  if (envelope.received + fresh.length > envelope.disbursements)
    throw new BridgeRefusal('NO_OF_DISBUESEMENTS_EXCEEDS_DECLARED');
  if (BigInt(envelope.received_minor) + sumOf(fresh) > BigInt(envelope.total_minor))
    throw new BridgeRefusal('TOTAL_DISBURSEMENT_AMOUNT_EXCEEDS_DECLARED');
}

export function sumOf(lines: readonly BridgeLine[]): bigint {
  return lines.reduce((sum, { amountMinor }) => sum + amountMinor, 0n);
}

/** Payee and amount: what makes a payment another one. */
export function digestLine({ beneficiaryId, amountMinor }: BridgeLine): Buffer {
  return createHash('sha256').update(`${amountMinor} ${beneficiaryId}`).digest();
}

/** A line as interface A knows it; what is wrong with its address is told as a reversal. */
export function rawLine(sender: Sender, envelope: StoredEnvelope, line: BridgeLine, id: string): Fields {
  const payer = sender.bridge?.programmes?.[envelope.programme]?.payer_fa;
  return {
    reference_id: id,
    ...(payer === undefined ? {} : { payer_fa: payer }),
    payee_fa: line.beneficiaryId,
    payee_name: line.beneficiaryName,
    amount: line.amount,
    currency_code: envelope.currency_code,
    note: line.narrative,
    scheduled_timestamp: envelope.schedule_on > today() ? `${envelope.schedule_on}T00:00:00Z` : '',
  };
}

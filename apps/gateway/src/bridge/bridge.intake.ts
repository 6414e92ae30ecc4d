import { createHash } from 'node:crypto';
import type { Sql } from '@gpo/persistence';
import type { Sender } from '../senders/sender.js';
import { BridgeRefusal, type ItemCode } from './bridge.codes.js';
import { today } from './bridge.envelope.js';
import type { BridgeLine } from './bridge.lines.js';
import type { Fields } from './bridge.message.js';
import type { BridgeNames } from './bridge.names.js';
import { linesById, linesByReference, type StoredBridgeLine } from './bridge-line.repository.js';
import { lockEnvelope, type StoredEnvelope } from './bridge.repository.js';

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
  const known = await knownLines(sql, senderId, envelopeId, lines);
  const codes = lines.map((line) => {
    const before = known.get(nameOf(line) ?? '');
    return before === undefined ? [] : differences(before, line, envelopeId);
  });
  if (codes.some((some) => some.length > 0)) throw new BridgeRefusal('INVALID_DISBURSEMENT_PAYLOAD', codes);
  return lines.filter((line) => {
    const before = known.get(nameOf(line) ?? '');
    const id = before?.bridge_id ?? line.clientId;
    if (id !== undefined) made.set(line, id);
    return before === undefined;
  });
}

/** The client's own name of a payment, by which it says "the same once more". */
export function nameOf({ clientId, misReference }: BridgeLine): string | undefined {
  return clientId ?? misReference;
}

/** Ids that a client made are its own in all envelopes, other names in one. */
async function knownLines(
  sql: Sql,
  senderId: string,
  envelopeId: string,
  lines: readonly BridgeLine[],
): Promise<Map<string, StoredBridgeLine>> {
  const ids = lines.flatMap(({ clientId }) => clientId ?? []);
  const references = lines.flatMap(({ misReference }) => misReference ?? []);
  const byId = ids.length === 0 ? [] : await linesById(sql, senderId, ids);
  const byReference =
    references.length === 0 ? [] : await linesByReference(sql, senderId, envelopeId, references);
  return new Map([
    ...byId.map((line) => [line.bridge_id, line] as const),
    ...byReference.map((line) => [line.mis_reference_number!, line] as const),
  ]);
}

function differences(before: StoredBridgeLine, line: BridgeLine, envelopeId: string): ItemCode[] {
  if (before.cancelled) return ['DISBURSEMENT_ALREADY_CANCELED'];
  const isSame = before.envelope_id === envelopeId && before.digest.equals(digestLine(line));
  return isSame ? [] : ['DUPLICATE_DISBURSEMENT'];
}

/** @throws BridgeRefusal where more comes than was declared. */
export function requireRoom(
  envelope: StoredEnvelope,
  fresh: readonly BridgeLine[],
  { tooMuch }: BridgeNames,
): void {
  if (envelope.received + fresh.length > envelope.disbursements)
    throw new BridgeRefusal('NO_OF_DISBUESEMENTS_EXCEEDS_DECLARED');
  if (BigInt(envelope.received_minor) + sumOf(fresh) > BigInt(envelope.total_minor))
    throw new BridgeRefusal(tooMuch);
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
    ...(line.beneficiaryName === '' ? {} : { payee_name: line.beneficiaryName }),
    amount: line.amount,
    currency_code: envelope.currency_code,
    note: line.narrative,
    scheduled_timestamp: envelope.schedule_on > today() ? `${envelope.schedule_on}T00:00:00Z` : '',
  };
}

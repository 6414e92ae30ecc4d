import { parseAmount } from '@gpo/g2p-connect-schemas';
import { BridgeRefusal, type ItemCode } from './bridge.codes.js';
import { isFields, textOf, type Fields } from './bridge.message.js';
import type { BridgeNames } from './bridge.names.js';

/** One disbursement of a create_disbursements call. */
export interface BridgeLine {
  fields: Fields;
  beneficiaryId: string;
  /** '' where the client leaves it out. */
  beneficiaryName: string;
  narrative: string;
  /** As it was written. */
  amount: string;
  amountMinor: bigint;
  /** The client's own name of the payment; undefined where it stands on several lines of the call, and so names none. */
  misReference: string | undefined;
  /** The id that the client made; undefined in version 1.0. */
  clientId: string | undefined;
}

/** The envelope that all elements of a call name. @throws BridgeRefusal where they name several, or the message is no list. */
export function envelopeOf(message: unknown): { envelopeId: string; items: readonly Fields[] } {
  if (!Array.isArray(message) || message.length === 0 || !message.every(isFields))
    throw new BridgeRefusal('INVALID_DISBURSEMENT_PAYLOAD');
  const ids = new Set(message.map((item) => textOf(item.disbursement_envelope_id) ?? ''));
  if (ids.size > 1) throw new BridgeRefusal('MULTIPLE_ENVELOPES_FOUND');
  // An unset id is JSON false at Odoo's client.
  return { envelopeId: [...ids][0]!, items: message };
}

/** The elements of a call, all or nothing. @throws BridgeRefusal with the codes of each element. */
export function readBridgeLines(
  items: readonly Fields[],
  currency: string,
  names: BridgeNames,
): BridgeLine[] {
  const read = items.map((fields) => readBridgeLine(fields, currency, names));
  const lines = read.map(({ line }) => line);
  const ids = lines.flatMap(({ clientId }) => clientId ?? []);
  if (read.some(({ codes }) => codes.length > 0) || new Set(ids).size < ids.length)
    throw new BridgeRefusal(
      'INVALID_DISBURSEMENT_PAYLOAD',
      read.map(({ codes }) => codes),
    );
  forgetShared(lines);
  return lines;
}

/** Background tasks of 2025 write the number of their request on each of its lines. */
function forgetShared(lines: readonly BridgeLine[]): void {
  const seen = new Map<string, number>();
  for (const { misReference } of lines)
    if (misReference !== undefined) seen.set(misReference, (seen.get(misReference) ?? 0) + 1);
  for (const line of lines) if ((seen.get(line.misReference ?? '') ?? 0) > 1) line.misReference = undefined;
}

function readBridgeLine(
  fields: Fields,
  currency: string,
  names: BridgeNames,
): { line: BridgeLine; codes: ItemCode[] } {
  const [beneficiaryId, beneficiaryName, narrative] = [
    textOf(fields.beneficiary_id),
    textOf(fields.beneficiary_name),
    textOf(fields.narrative),
  ];
  const amount = textOf(fields[names.amount]) ?? '';
  const amountMinor = minorOf(amount, currency, names);
  const clientId = names.ofClient ? textOf(fields.disbursement_id) : undefined;
  const isId = clientId !== undefined && CLIENT_ID.test(clientId);
  const misReference = names.ofClient ? undefined : textOf(fields.mis_reference_number);
  const codes: ItemCode[] = [
    ...(beneficiaryId === undefined ? (['INVALID_BENEFICIARY_ID'] as const) : []),
    ...(beneficiaryName === undefined && !names.ofClient ? (['INVALID_BENEFICIARY_NAME'] as const) : []),
    ...(narrative === undefined ? (['INVALID_NARRATIVE'] as const) : []),
    ...(amountMinor === undefined ? [names.wrongAmount] : []),
    ...((names.ofClient && !isId) || (misReference?.length ?? 0) > NAME_MAX
      ? (['INVALID_DISBURSEMENT_ID'] as const)
      : []),
  ];
  const line = {
    ...{ fields, beneficiaryId: beneficiaryId ?? '', beneficiaryName: beneficiaryName ?? '' },
    ...{ narrative: narrative ?? '', amount, amountMinor: amountMinor ?? 0n, clientId },
    misReference,
  };
  return { line, codes };
}

/** Longer names have no room in an index. */
const NAME_MAX = 255;

/** The client's ids are references of lines, which people read. */
const CLIENT_ID = /^[\x21-\x7e]{1,64}$/;

/** Newer clients send zero for who gets nothing this time; such a line ends unpaid, and holds up no other. */
function minorOf(amount: string, currency: string, { ofClient }: BridgeNames): bigint | undefined {
  if (ofClient && /^0+(?:\.0*)?$/.test(amount)) return 0n;
  const money = parseAmount(amount, currency);
  return money.ok ? money.minor : undefined;
}

import { parseAmount } from '@gpo/g2p-connect-schemas';
import { BridgeRefusal, type ItemCode } from './bridge.codes.js';
import { sumOrNothing } from './bridge.envelope.js';
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
  /** The client's own name of the payment. */
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
  const own = lines.flatMap(({ clientId, misReference }) => clientId ?? misReference ?? []);
  if (read.some(({ codes }) => codes.length > 0) || new Set(own).size < own.length)
    throw new BridgeRefusal(
      'INVALID_DISBURSEMENT_PAYLOAD',
      read.map(({ codes }) => codes),
    );
  return lines;
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
  const codes: ItemCode[] = [
    ...(beneficiaryId === undefined ? (['INVALID_BENEFICIARY_ID'] as const) : []),
    ...(beneficiaryName === undefined && !names.ofClient ? (['INVALID_BENEFICIARY_NAME'] as const) : []),
    ...(narrative === undefined ? (['INVALID_NARRATIVE'] as const) : []),
    ...(amountMinor === undefined ? [names.wrongAmount] : []),
    ...(names.ofClient && !isId ? (['INVALID_DISBURSEMENT_ID'] as const) : []),
  ];
  const line = {
    ...{ fields, beneficiaryId: beneficiaryId ?? '', beneficiaryName: beneficiaryName ?? '' },
    ...{ narrative: narrative ?? '', amount, amountMinor: amountMinor ?? 0n, clientId },
    misReference: names.ofClient ? undefined : textOf(fields.mis_reference_number),
  };
  return { line, codes };
}

/** The client's ids are references of lines, which people read. */
const CLIENT_ID = /^[\x21-\x7e]{1,64}$/;

/** Newer clients send zero for who gets nothing this time; such a line ends unpaid, and holds up no other. */
function minorOf(amount: string, currency: string, { ofClient }: BridgeNames): bigint | undefined {
  if (ofClient) return sumOrNothing(amount, currency);
  const money = parseAmount(amount, currency);
  return money.ok ? money.minor : undefined;
}

import { parseAmount } from '@gpo/g2p-connect-schemas';
import { BridgeRefusal, type ItemCode } from './bridge.codes.js';
import { isFields, textOf, type Fields } from './bridge.message.js';

/** One disbursement of a create_disbursements call. */
export interface BridgeLine {
  fields: Fields;
  beneficiaryId: string;
  beneficiaryName: string;
  narrative: string;
  /** As it was written. */
  amount: string;
  amountMinor: bigint;
  /** The client's own name of the payment. */
  misReference: string | undefined;
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
export function readBridgeLines(items: readonly Fields[], currency: string): BridgeLine[] {
  const codes: ItemCode[][] = [];
  const lines = items.map((fields) => {
    const [beneficiaryId, beneficiaryName, narrative] = [
      textOf(fields.beneficiary_id),
      textOf(fields.beneficiary_name),
      textOf(fields.narrative),
    ];
    const amount = textOf(fields.disbursement_amount) ?? '';
    const money = parseAmount(amount, currency);
    codes.push([
      ...(beneficiaryId === undefined ? (['INVALID_BENEFICIARY_ID'] as const) : []),
      ...(beneficiaryName === undefined ? (['INVALID_BENEFICIARY_NAME'] as const) : []),
      ...(narrative === undefined ? (['INVALID_NARRATIVE'] as const) : []),
      ...(money.ok ? [] : (['INVALID_DISBURSEMENT_AMOUNT'] as const)),
    ]);
    return {
      ...{ fields, beneficiaryId: beneficiaryId ?? '', beneficiaryName: beneficiaryName ?? '' },
      ...{ narrative: narrative ?? '', amount, amountMinor: money.ok ? money.minor : 0n },
      misReference: textOf(fields.mis_reference_number),
    };
  });
  const references = lines.flatMap(({ misReference }) => misReference ?? []);
  if (codes.some((some) => some.length > 0) || new Set(references).size < references.length)
    throw new BridgeRefusal('INVALID_DISBURSEMENT_PAYLOAD', codes);
  return lines;
}

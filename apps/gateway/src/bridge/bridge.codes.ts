/** Codes of the G2P Bridge API 1.0, as they stand on the wire (interface-a.md 3.1); the misspelt one too. */
export const BRIDGE_CODES = [
  'INVALID_PROGRAM_MNEMONIC',
  'INVALID_DISBURSEMENT_FREQUENCY',
  'INVALID_CYCLE_CODE_MNEMONIC',
  'INVALID_NO_OF_BENEFICIARIES',
  'INVALID_NO_OF_DISBURSEMENTS',
  'INVALID_TOTAL_DISBURSEMENT_AMOUNT',
  'INVALID_DISBURSEMENT_CURRENCY_CODE',
  'INVALID_DISBURSEMENT_SCHEDULE_DATE',
  'DISBURSEMENT_ENVELOPE_NOT_FOUND',
  'DISBURSEMENT_ENVELOPE_ALREADY_CANCELED',
  'DISBURSEMENT_ENVELOPE_DATE_PASSED',
  'MULTIPLE_ENVELOPES_FOUND',
  'NO_OF_DISBUESEMENTS_EXCEEDS_DECLARED',
  'TOTAL_DISBURSEMENT_AMOUNT_EXCEEDS_DECLARED',
  'INVALID_DISBURSEMENT_PAYLOAD',
  'INVALID_DISBURSEMENT_ID',
  'DISBURSEMENT_ALREADY_CANCELED',
  'DISBURSEMENT_ENVELOPE_SCHEDULE_DATE_REACHED',
  'STATEMENT_UPLOAD_ERROR',
] as const;
export type BridgeCode = (typeof BRIDGE_CODES)[number];

/** Codes of single disbursements of a call that was refused. */
export const ITEM_CODES = [
  'INVALID_BENEFICIARY_ID',
  'INVALID_BENEFICIARY_NAME',
  'INVALID_NARRATIVE',
  'INVALID_DISBURSEMENT_AMOUNT',
] as const;
export type ItemCode = (typeof ITEM_CODES)[number];

/** A call that is refused: HTTP 200 with header.status rjct. Nothing was stored. */
export class BridgeRefusal extends Error {
  /** @param items codes of each element of the message, where they are known. */
  constructor(
    readonly code: BridgeCode,
    readonly items: readonly (readonly ItemCode[])[] = [],
  ) {
    super(code);
  }
}

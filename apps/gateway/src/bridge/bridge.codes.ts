/** Codes of the G2P Bridge API 1.0, as they stand on the wire (interface-a.md 3.1); the misspelt one too. */
export const CODES_OF_1_0 = [
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

/** Codes that versions 1.1 and 3.x add (interface-a.md 3.2). */
export const CODES_OF_CLIENT_IDS = [
  'REQUEST_VALIDATION_ERROR',
  'INVALID_PROGRAM_ID',
  'INVALID_TARGET_REGISTRY',
  'INVALID_BENEFIT_CODE_ID',
  'INVALID_DISBURSEMENT_ENVELOPE_ID',
  'INVALID_DISBURSEMENT_QUANTITY',
  'TOTAL_DISBURSEMENT_QUANTITY_EXCEEDS_DECLARED',
  'rjct.jwt.invalid',
] as const;

export type BridgeCode = (typeof CODES_OF_1_0)[number] | (typeof CODES_OF_CLIENT_IDS)[number];

/** Codes of single disbursements of a call that was refused. */
export const ITEM_CODES = [
  'INVALID_BENEFICIARY_ID',
  'INVALID_BENEFICIARY_NAME',
  'INVALID_NARRATIVE',
  'INVALID_DISBURSEMENT_AMOUNT',
  'INVALID_DISBURSEMENT_QUANTITY',
  'INVALID_DISBURSEMENT_ID',
  'DUPLICATE_DISBURSEMENT',
  'DISBURSEMENT_ALREADY_CANCELED',
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

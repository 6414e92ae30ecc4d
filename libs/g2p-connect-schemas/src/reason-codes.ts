/** Item reason codes of the specification (disburse_core_api_v1.0.0, DisburseStatusReasonCode). */
export const SPEC_REASON_CODES = [
  'rjct.reference_id.invalid',
  'rjct.reference_id.duplicate',
  'rjct.timestamp.invalid',
  'rjct.payer_fa.invalid',
  'rjct.payee_fa.invalid',
  'rjct.amount.invalid',
  'rjct.schedule_ts.invalid',
  'rjct.currency_code.invalid',
] as const;

/**
 * Item reason codes of ours for faults that the specification has no word for: a text that is too long or no text, a
 * row of a file with too few or too many cells.
 * They are said as they are; the specification's own words would name the wrong field.
 */
export const LINE_REASON_CODES = [
  'rjct.payer_name.invalid',
  'rjct.payee_name.invalid',
  'rjct.note.invalid',
  'rjct.purpose.invalid',
  'rjct.instruction.invalid',
  'rjct.locale.invalid',
  'rjct.meta.invalid',
  'rjct.row.invalid',
] as const;

const SAID_AS_THEY_ARE: ReadonlySet<string> = new Set([...SPEC_REASON_CODES, ...LINE_REASON_CODES]);

/** Said where a rail refused or returned the money: the specification has no word for it (D17). */
export const PAYMENT_FAILED = 'rjct.payment.failed';

/** Said where the sender or an operator cancelled the line before any rail had it. */
export const PAYMENT_CANCELLED = 'rjct.payment.cancelled';

/** Our finer codes, as rules use them, in the words of the specification: rjct.payee_fa.no_lane is rjct.payee_fa.invalid. */
export function specReasonCode(code: string): string {
  if (SAID_AS_THEY_ARE.has(code)) return code;
  const field = /^rjct\.([a-z_]+)\./.exec(code)?.[1];
  const general = `rjct.${field ?? ''}.invalid`;
  return SAID_AS_THEY_ARE.has(general) ? general : PAYMENT_FAILED;
}

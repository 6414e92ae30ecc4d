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

/** Said where a rail refused or returned the money: the specification has no word for it (D17). */
export const PAYMENT_FAILED = 'rjct.payment.failed';

/** Our finer codes, as rules use them, in the words of the specification: rjct.payee_fa.no_lane is rjct.payee_fa.invalid. */
export function specReasonCode(code: string): string {
  if ((SPEC_REASON_CODES as readonly string[]).includes(code)) return code;
  const field = /^rjct\.([a-z_]+)\./.exec(code)?.[1];
  const general = `rjct.${field ?? ''}.invalid`;
  return (SPEC_REASON_CODES as readonly string[]).includes(general) ? general : PAYMENT_FAILED;
}

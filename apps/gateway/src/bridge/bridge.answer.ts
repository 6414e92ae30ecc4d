import { BridgeRefusal } from './bridge.codes.js';
import { echoed, type BridgeCall } from './bridge.message.js';
import type { BridgeProfile } from './bridge.setting.js';

/** An answer of the Bridge API 1.0. Every refusal is HTTP 200 too: its clients look at the body, or at nothing. */
export interface BridgeAnswer {
  header: Record<string, unknown>;
  message: unknown;
}

/** Kinds of calls, by what their message is. */
export type Shape = 'envelope' | 'disbursements' | 'value';

export function succeeded(call: BridgeCall, message: unknown): BridgeAnswer {
  return { header: headerOf(call, 'succ', null, Array.isArray(message) ? message.length : 1), message };
}

/**
 * A refusal. The original echoes the disbursements, and Odoo's client, which looks at no status, then takes them as sent
 * (interface-a.md 2.4): "bridge-safe" carries an empty list, which leaves them pending.
 */
export function refused(
  call: BridgeCall,
  { code, items }: BridgeRefusal,
  shape: Shape,
  profile: BridgeProfile,
): BridgeAnswer {
  const header = headerOf(call, 'rjct', code, 0);
  if (shape === 'value') return { header, message: null };
  if (shape === 'envelope') return { header, message: profile === 'bridge-compat' ? EMPTY_ENVELOPE : null };
  if (profile !== 'bridge-compat' || !Array.isArray(call.message)) return { header, message: [] };
  const told = (echoed(call.message) as Record<string, unknown>[]).map((item, index) => ({
    ...EMPTY_DISBURSEMENT,
    ...item,
    response_error_codes: items[index] ?? [],
  }));
  return { header, message: told };
}

const EMPTY_ENVELOPE = {
  ...{
    id: null,
    disbursement_envelope_id: null,
    benefit_program_mnemonic: null,
    disbursement_frequency: null,
  },
  ...{ cycle_code_mnemonic: null, number_of_beneficiaries: null, number_of_disbursements: null },
  ...{ total_disbursement_amount: null, disbursement_currency_code: null, disbursement_schedule_date: null },
};

/** The keys that a client reads by name, whatever it sent. */
export const EMPTY_DISBURSEMENT = {
  ...{ id: null, disbursement_id: null, disbursement_envelope_id: null, mis_reference_number: null },
  ...{ beneficiary_id: null, beneficiary_name: null, disbursement_amount: null, narrative: null },
  ...{ receipt_time_stamp: null, cancellation_status: null, cancellation_time_stamp: null },
  response_error_codes: [] as string[],
};

function headerOf(
  { messageId, action }: BridgeCall,
  status: 'succ' | 'rjct',
  code: string | null,
  count: number,
): Record<string, unknown> {
  return {
    ...{ version: '1.0.0', message_id: messageId, message_ts: new Date().toISOString(), action, status },
    ...{ status_reason_code: null, status_reason_message: code, total_count: count, completed_count: count },
    ...{ sender_id: null, receiver_id: null, is_msg_encrypted: false, meta: {} },
  };
}

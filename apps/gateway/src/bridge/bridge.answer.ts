import { BridgeRefusal } from './bridge.codes.js';
import { echoed, type BridgeCall } from './bridge.message.js';
import type { BridgeProfile } from './bridge.setting.js';

/** An answer of the Bridge API. Every refusal is HTTP 200 too: its clients look at the body, or at nothing. */
export type BridgeAnswer =
  | { header: Record<string, unknown>; message: unknown }
  | { response_header: Record<string, unknown>; response_body: Record<string, unknown> };

/** Calls by what their message is. */
const SHAPES = {
  create_disbursement_envelope: 'envelope',
  create_disbursement_envelopes: 'envelopes',
  cancel_disbursement_envelope: 'envelope',
  amend_disbursement_envelope: 'envelope',
  create_disbursements: 'disbursements',
  cancel_disbursements: 'disbursements',
  get_disbursement_status: 'value',
  get_disbursement_envelope_status: 'value',
  get_disbursement_batch_control: 'value',
  upload_mt940: 'value',
} as const;
export type BridgeCallName = keyof typeof SHAPES;

/** The call that an address names. */
export function callNameOf(url: string): BridgeCallName | undefined {
  const name = url.split('?', 1)[0]!.split('/').at(-1)!;
  return Object.hasOwn(SHAPES, name) ? (name as BridgeCallName) : undefined;
}

export function succeeded(call: BridgeCall, message: unknown): BridgeAnswer {
  return answerOf(call, null, message);
}

/**
 * A refusal. The original echoes the disbursements, and Odoo's client, which looks at no status, then takes them as sent
 * (interface-a.md 2.4): "bridge-safe" carries an empty list, which leaves them pending.
 */
export function refused(
  call: BridgeCall,
  refusal: BridgeRefusal,
  name: BridgeCallName,
  profile: BridgeProfile,
): BridgeAnswer {
  return answerOf(call, refusal.code, refusedMessage(call, refusal, name, profile));
}

function refusedMessage(
  call: BridgeCall,
  { items }: BridgeRefusal,
  name: BridgeCallName,
  profile: BridgeProfile,
): unknown {
  const shape = SHAPES[name];
  if (shape === 'value') return null;
  // The background tasks of 2025 take a list, even an empty one, for success.
  if (shape !== 'disbursements' && profile === 'bridge-safe') return null;
  if (shape === 'envelopes' || (shape === 'envelope' && Array.isArray(call.message))) return [];
  if (shape === 'envelope') return EMPTY_ENVELOPE;
  if (profile !== 'bridge-compat' || !Array.isArray(call.message)) return [];
  return (echoed(call.message) as Record<string, unknown>[]).map((item, index) => ({
    ...EMPTY_DISBURSEMENT,
    ...item,
    response_error_codes: items[index] ?? [],
  }));
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

/** @param code of a refusal, or null. */
function answerOf(call: BridgeCall, code: string | null, message: unknown): BridgeAnswer {
  const [now, isTaken] = [new Date().toISOString(), code === null];
  if (call.form === 'request')
    return {
      response_header: {
        ...{ request_id: call.messageId, response_status: isTaken ? 'SUCCESS' : 'ERROR' },
        ...{ response_error_code: code, response_error_message: code, response_timestamp: now },
      },
      response_body: { pagination_response: null, response_payload: message },
    };
  const count = !isTaken ? 0 : Array.isArray(message) ? message.length : 1;
  return {
    header: {
      ...{ version: '1.0.0', message_id: call.messageId, message_ts: now, action: call.action },
      ...{ status: isTaken ? 'succ' : 'rjct', status_reason_code: null, status_reason_message: code },
      ...{ total_count: count, completed_count: count, sender_id: null, receiver_id: null },
      ...{ is_msg_encrypted: false, meta: {} },
    },
    message,
  };
}

import { PAYMENT_CANCELLED, PAYMENT_FAILED, specReasonCode } from '@gpo/g2p-connect-schemas';
import type { State } from '../outcome/states.js';

/** G2P Connect status words (disburse_core_api_v1.0.0, schema MsgStatus). */
export type G2pStatus = 'rcvd' | 'pdng' | 'succ' | 'rjct';

const STATUS_OF_STATE: Readonly<Record<State, G2pStatus>> = {
  received: 'pdng',
  on_hold: 'pdng',
  retrying: 'pdng',
  review: 'pdng',
  succeeded: 'succ',
  failed: 'rjct',
  returned: 'rjct',
  malformed: 'rjct',
  cancelled: 'rjct',
};

/** What a line is, as rows tell it. Absent text is null. */
export interface LineStanding {
  reference_id: string | null;
  state: State;
  reason: string | null;
  message: string | null;
  violations?: readonly string[];
  updated_at: Date;
  amount?: string;
  currency_code?: string;
  payer_fa?: string;
  payer_name?: string | null;
  payee_fa?: string;
  payee_name?: string | null;
  locale?: string | null;
}

/** One entry of disbursements_status (G2P Connect DisburseResponse). `succ` only when the outcome is final. */
export function lineStatus(
  line: LineStanding,
  status: G2pStatus = STATUS_OF_STATE[line.state],
): Record<string, unknown> {
  return withoutNulls({
    reference_id: line.reference_id ?? '',
    timestamp: line.updated_at.toISOString(),
    status,
    ...(status === 'rjct'
      ? { status_reason_code: reasonCode(line), status_reason_message: reasonText(line) }
      : {}),
    // What could not be read as an amount is not told as one.
    amount: AMOUNT.test(line.amount ?? '') ? line.amount : undefined,
    payer_fa: line.payer_fa,
    payer_name: line.payer_name,
    payee_fa: line.payee_fa,
    payee_name: line.payee_name,
    currency_code: line.currency_code,
    locale: line.locale,
  });
}

const AMOUNT = /^\d{1,13}\.\d{2,4}$/;
const REASON_TEXT_MAX = 999;

function reasonCode({ state, reason, violations }: LineStanding): string {
  if (state === 'malformed') return specReasonCode(reason ?? violations?.[0] ?? '');
  return state === 'cancelled' ? PAYMENT_CANCELLED : PAYMENT_FAILED;
}

function reasonText({ state, reason, message }: LineStanding): string {
  const words = [state === 'returned' ? 'returned by the rail' : '', reason ?? '', message ?? ''];
  const text = [...new Set(words.filter((word) => word !== ''))].join(': ');
  return (text === '' ? state : text).slice(0, REASON_TEXT_MAX);
}

function withoutNulls(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== null && value !== undefined),
  );
}

/** D18: pdng while open; succ if at least one line succeeded; rjct if all were rejected. */
export function batchStatus(counts: { total: number; final: number; succeeded: number }): G2pStatus {
  if (counts.final < counts.total) return 'pdng';
  return counts.succeeded > 0 ? 'succ' : 'rjct';
}

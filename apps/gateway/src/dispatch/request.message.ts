import type { OutRecord } from '@gpo/messaging';

/** A stored line as it goes to g2p.request. Absent fields are left out: no field is ever null. */
export interface StoredLine {
  sender_id: string;
  transaction_id: string;
  reference_id: string;
  batch_id: string;
  disbursement_id: string;
  payer_fa: string;
  payee_fa: string;
  payee_scheme: string;
  payee_id: string;
  payee_provider: string;
  payee_name: string | null;
  amount: string;
  currency_code: string;
  note: string | null;
  purpose: string | null;
  scheduled_timestamp: string | null;
  violations: string[];
  duplicate_payee_of: string | null;
}

/** Fields that route and connect read from a request's own record; there only text counts. */
export const ROUTED_FIELDS = [
  'sender_id',
  'transaction_id',
  'reference_id',
  'batch_id',
  'disbursement_id',
  'payer_fa',
  'payee_fa',
  'payee_scheme',
  'payee_id',
  'payee_provider',
  'payee_name',
  'amount',
  'currency_code',
  'note',
  'purpose',
  'scheduled_timestamp',
] as const satisfies readonly (keyof StoredLine)[];

const FIELDS: readonly (keyof StoredLine)[] = [...ROUTED_FIELDS, 'violations', 'duplicate_payee_of'];

/** Columns that make a StoredLine; `d` is the disbursement, `b` its batch. */
export const STORED_LINE_COLUMNS = `b.sender_id, b.transaction_id, d.reference_id, d.batch_id, d.disbursement_id,
  d.payer_fa, d.payee_fa, d.payee_scheme, d.payee_id, d.payee_provider, d.payee_name, d.amount, d.currency_code,
  d.note, d.purpose, d.scheduled_timestamp, d.violations, d.duplicate_payee_of`;

/** The g2p.request value (design section 4) of a stored line. */
export function requestValue(line: StoredLine): string {
  // A list of names as the second argument of JSON.stringify would cost half as much again.
  const value: Partial<Record<keyof StoredLine, unknown>> = {};
  for (const field of FIELDS) if (line[field] !== null) value[field] = line[field];
  return JSON.stringify(value);
}

/** A line's record for g2p.request. @param headers the mark by which intake knows that dispatch wrote it. */
export function requestRecord(line: StoredLine, headers: Record<string, string>): OutRecord {
  return { key: line.disbursement_id, value: requestValue(line), headers };
}

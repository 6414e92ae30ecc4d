import { batchId as batchIdOf } from '@gpo/g2p-connect-schemas';
import type { Sql } from '@gpo/persistence';
import { digestEnvelope, type Benefit, type Declared, type NewEnvelope } from './bridge.envelope.js';
import { transactionOf } from './bridge.ids.js';

export interface StoredEnvelope {
  envelope_id: string;
  programme: string;
  frequency: string;
  cycle: string;
  beneficiaries: number;
  disbursements: number;
  total_minor: string;
  currency_code: string;
  /** `YYYY-MM-DD`. */
  schedule_on: string;
  /** Without what was cancelled. */
  received: number;
  received_minor: string;
  cancelled: boolean;
  /** As versions 1.1 and 3.x told it; null = opened by version 1.0. */
  benefit: Benefit | null;
}

const COLUMNS = `envelope_id, programme, frequency, cycle, beneficiaries, disbursements, total_minor::text AS total_minor, currency_code,
  schedule_on::text AS schedule_on, received - coalesce(c.lines, 0)::int AS received, (received_minor - coalesce(c.minor, 0))::text AS received_minor,
  cancelled_at IS NOT NULL AS cancelled, benefit`;

// What was cancelled, by whatever door, has left it; the batch's counters know.
const CANCELLED = `LEFT JOIN LATERAL (SELECT sum(lines) AS lines, sum(amount_minor) AS minor FROM batch_counter
  WHERE batch_id = $3 AND state = 'cancelled') c ON true`;

/** @returns false where the id is taken. */
export async function insertEnvelope(
  sql: Sql,
  senderId: string,
  envelopeId: string,
  envelope: NewEnvelope,
): Promise<boolean> {
  const { programme, frequency, cycle, currency, beneficiaries, disbursements, totalMinor, scheduleOn } =
    envelope;
  const benefit = envelope.benefit === undefined ? null : JSON.stringify(envelope.benefit);
  const rows = await sql.query<unknown[]>(
    `INSERT INTO bridge_envelope (sender_id, envelope_id, programme, frequency, cycle, beneficiaries, disbursements, total_minor, currency_code, schedule_on, benefit, digest)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING RETURNING 1`,
    [
      ...[senderId, envelopeId, programme, frequency, cycle, beneficiaries, disbursements],
      ...[totalMinor.toString(), currency, scheduleOn, benefit, digestEnvelope(envelope)],
    ],
  );
  return rows.length > 0;
}

/** The standing of an envelope that was opened with this content before; undefined where there is none. */
export async function openedWith(
  sql: Sql,
  senderId: string,
  envelopeId: string,
  envelope: NewEnvelope,
): Promise<{ cancelled: boolean } | undefined> {
  const [opened] = await sql.query<{ cancelled: boolean }[]>(
    'SELECT cancelled_at IS NOT NULL AS cancelled FROM bridge_envelope WHERE sender_id = $1 AND envelope_id = $2 AND digest = $3',
    [senderId, envelopeId, digestEnvelope(envelope)],
  );
  return opened;
}

export function readEnvelope(sql: Sql, senderId: string, id: string): Promise<StoredEnvelope | undefined> {
  return selectEnvelope(sql, senderId, id, '');
}

/** Two calls for one envelope take turns: what it has received is counted under this lock. */
export function lockEnvelope(sql: Sql, senderId: string, id: string): Promise<StoredEnvelope | undefined> {
  return selectEnvelope(sql, senderId, id, 'FOR UPDATE OF e');
}

async function selectEnvelope(
  sql: Sql,
  senderId: string,
  id: string,
  lock: '' | 'FOR UPDATE OF e',
): Promise<StoredEnvelope | undefined> {
  const [envelope] = await sql.query<StoredEnvelope[]>(
    `SELECT ${COLUMNS} FROM bridge_envelope e ${CANCELLED} WHERE sender_id = $1 AND envelope_id = $2 ${lock}`,
    [senderId, id, batchIdOf(senderId, transactionOf(id))],
  );
  return envelope;
}

export async function amendEnvelope(
  sql: Sql,
  senderId: string,
  id: string,
  declared: Declared,
): Promise<void> {
  await sql.query(
    `UPDATE bridge_envelope SET beneficiaries = $3, disbursements = $4, total_minor = $5, schedule_on = $6
      WHERE sender_id = $1 AND envelope_id = $2`,
    [
      ...[senderId, id, declared.beneficiaries, declared.disbursements, declared.totalMinor.toString()],
      declared.scheduleOn,
    ],
  );
}

/**
 * Lines that are not due yet become due on another day. Nothing of them was published. Whoever asks the mapper about them this moment asks
 * again: the question is another one.
 */
export async function moveDue(sql: Sql, batchId: string, dueAt: string): Promise<void> {
  await sql.query(
    `UPDATE disbursement SET due_at = $2, updated_at = now() WHERE batch_id = $1 AND state = 'received' AND due_at > now()`,
    [batchId, dueAt],
  );
  await sql.query(
    'UPDATE dispatch_range SET due_at = $2 WHERE batch_id = $1 AND due_at > now() AND published_at IS NULL',
    [batchId, dueAt],
  );
  await sql.query(
    'UPDATE resolve_range SET due_at = $2, next_at = $2, question_id = gen_random_uuid() WHERE batch_id = $1 AND due_at > now()',
    [batchId, dueAt],
  );
}

export async function countReceived(
  sql: Sql,
  senderId: string,
  id: string,
  more: { lines: number; minor: bigint },
): Promise<void> {
  await sql.query(
    `UPDATE bridge_envelope SET received = received + $3, received_minor = received_minor + $4 WHERE sender_id = $1 AND envelope_id = $2`,
    [senderId, id, more.lines, more.minor.toString()],
  );
}

/** No disbursement may come into it any more. */
export async function markCancelled(sql: Sql, senderId: string, id: string): Promise<void> {
  await sql.query(
    'UPDATE bridge_envelope SET cancelled_at = now() WHERE sender_id = $1 AND envelope_id = $2 AND cancelled_at IS NULL',
    [senderId, id],
  );
}

/** Every line of it is cancelled, or was past that. */
export async function markCancelEnded(sql: Sql, senderId: string, id: string): Promise<void> {
  await sql.query(
    'UPDATE bridge_envelope SET cancel_ended_at = now() WHERE sender_id = $1 AND envelope_id = $2',
    [senderId, id],
  );
}

/** Envelopes whose cancel was interrupted. */
export function readCancelling(sql: Sql): Promise<{ sender_id: string; envelope_id: string }[]> {
  return sql.query(
    `SELECT sender_id, envelope_id FROM bridge_envelope
      WHERE cancelled_at < now() - interval '1 minute' AND cancel_ended_at IS NULL ORDER BY cancelled_at LIMIT 10`,
  );
}

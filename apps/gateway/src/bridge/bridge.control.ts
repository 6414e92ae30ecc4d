import { createHash } from 'node:crypto';
import type { Sql } from '@gpo/persistence';
import { BridgeRefusal } from './bridge.codes.js';
import type { Benefit } from './bridge.envelope.js';
import type { BridgeLine } from './bridge.lines.js';
import { digestLine } from './bridge.intake.js';

/**
 * Clients of versions 1.1 and 3.x name a call, and send it again under the same name after a lost answer (interface-a.md 2.5). The first writer
 * fixes what it holds.
 * @returns true where the call is known and nothing of it is new. @throws BridgeRefusal where it had other content before.
 */
export async function isKnownCall(
  sql: Sql,
  senderId: string,
  envelopeId: string,
  call: { controlId: string; lines: readonly BridgeLine[] },
): Promise<boolean> {
  const digest = createHash('sha256').update(envelopeId);
  for (const line of [...call.lines].sort((a, b) => (a.clientId! < b.clientId! ? -1 : 1)))
    digest.update(` ${line.clientId} `).update(digestLine(line));
  const own = digest.digest();
  const added = await sql.query<unknown[]>(
    `INSERT INTO bridge_control (sender_id, control_id, envelope_id, digest) VALUES ($1, $2, $3, $4)
     ON CONFLICT DO NOTHING RETURNING 1`,
    [senderId, call.controlId, envelopeId, own],
  );
  if (added.length > 0) return false;
  const same = await sql.query<unknown[]>(
    'SELECT FROM bridge_control WHERE sender_id = $1 AND control_id = $2 AND digest = $3',
    [senderId, call.controlId, own],
  );
  if (same.length === 0) throw new BridgeRefusal('INVALID_DISBURSEMENT_PAYLOAD');
  return true;
}

interface ControlRow {
  envelope_id: string;
  cycle: string;
  benefit: Benefit | null;
  currency_code: string;
  unresolved: number;
  waiting: number;
}

/** How far the disbursements of one call are. @returns null where this sender made no such call. */
export async function readControl(
  sql: Sql,
  senderId: string,
  controlId: string,
  hasMapper: boolean,
): Promise<Record<string, unknown> | null> {
  const [row] = await sql.query<ControlRow[]>(
    `SELECT c.envelope_id, e.cycle, e.benefit, e.currency_code, count(*) FILTER (WHERE d.unresolved AND d.state = 'received')::int AS unresolved,
            count(*) FILTER (WHERE d.state IN ('received', 'on_hold'))::int AS waiting
       FROM bridge_control c
       JOIN bridge_envelope e ON e.sender_id = c.sender_id AND e.envelope_id = c.envelope_id
       LEFT JOIN bridge_disbursement l ON l.sender_id = c.sender_id AND l.control_id = c.control_id
       LEFT JOIN LATERAL (SELECT * FROM disbursement d WHERE d.disbursement_id = l.disbursement_id OFFSET 0) d ON true
      WHERE c.sender_id = $1 AND c.control_id = $2
      GROUP BY c.envelope_id, e.cycle, e.benefit, e.currency_code`,
    [senderId, controlId],
  );
  if (row === undefined) return null;
  const step = (name: string, status: string): Record<string, unknown> => ({
    [`${name}_status`]: status,
    ...{ [`${name}_timestamp`]: null, [`${name}_latest_error_code`]: null, [`${name}_attempts`]: 0 },
  });
  const ended = (waiting: number): string => (waiting > 0 ? 'PENDING' : 'PROCESSED');
  return {
    ...{ disbursement_batch_control_id: controlId, disbursement_envelope_id: row.envelope_id },
    ...benefitOf(row.benefit, row.currency_code),
    disbursement_cycle_id: row.benefit?.disbursement_cycle_id ?? '',
    disbursement_cycle_code_mnemonic: row.cycle,
    ...step('fa_resolution', hasMapper ? ended(row.unresolved) : 'NOT_APPLICABLE'),
    ...step('sponsor_bank_dispatch', ended(row.waiting)),
    // Places and goods are not this product's.
    ...step('geo_resolution', 'NOT_APPLICABLE'),
    ...step('warehouse_allocation', 'NOT_APPLICABLE'),
    ...step('agency_allocation', 'NOT_APPLICABLE'),
    disbursement_batch_control_geos: [],
  };
}

/** What versions 1.1 and 3.x tell of an envelope's benefit: its id is a number there. */
export function benefitOf(benefit: Benefit | null, currency: string): Record<string, unknown> {
  const id = Number(benefit?.benefit_code_id);
  return {
    benefit_code_id: Number.isSafeInteger(id) ? id : (benefit?.benefit_code_id ?? null),
    benefit_code_mnemonic: benefit?.benefit_code_mnemonic ?? null,
    benefit_type: benefit?.benefit_type ?? 'CASH_DIGITAL',
    measurement_unit: currency,
  };
}

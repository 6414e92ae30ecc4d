import type { Sql } from '@gpo/persistence';
import type { Benefit } from './bridge.envelope.js';
import type { BridgeCall, Fields } from './bridge.message.js';

/** How far the disbursements of one call are. */
export interface ControlRow {
  control_id: string;
  envelope_id: string;
  programme: string;
  cycle: string;
  benefit: Benefit | null;
  currency_code: string;
  unresolved: number;
  waiting: number;
}

/** @returns undefined where this sender made no such call. */
export async function readControl(
  sql: Sql,
  senderId: string,
  controlId: string,
): Promise<ControlRow | undefined> {
  const [row] = await sql.query<ControlRow[]>(
    `SELECT c.control_id, c.envelope_id, e.programme, e.cycle, e.benefit, e.currency_code,
            count(*) FILTER (WHERE d.unresolved AND d.state = 'received')::int AS unresolved,
            count(*) FILTER (WHERE d.state IN ('received', 'on_hold'))::int AS waiting
       FROM bridge_control c
       JOIN bridge_envelope e ON e.sender_id = c.sender_id AND e.envelope_id = c.envelope_id
       LEFT JOIN LATERAL (SELECT l.disbursement_id FROM unnest(c.bridge_ids) AS u(id)
                            JOIN bridge_disbursement l ON l.sender_id = c.sender_id AND l.bridge_id = u.id OFFSET 0) l ON true
       LEFT JOIN LATERAL (SELECT * FROM disbursement d WHERE d.disbursement_id = l.disbursement_id OFFSET 0) d ON true
      WHERE c.sender_id = $1 AND c.control_id = $2
      GROUP BY c.control_id, c.envelope_id, e.programme, e.cycle, e.benefit, e.currency_code`,
    [senderId, controlId],
  );
  return row;
}

/** A call as get_disbursement_batch_control tells it. @param form version 1.1 tells ids as text, 3.x as numbers. */
export function controlStatus(row: ControlRow, hasMapper: boolean, form: BridgeCall['form']): Fields {
  const cycle = row.benefit?.disbursement_cycle_id ?? null;
  const step = (name: string, status: string): Fields => ({
    [`${name}_status`]: status,
    ...{ [`${name}_timestamp`]: null, [`${name}_latest_error_code`]: null, [`${name}_attempts`]: 0 },
  });
  const ended = (waiting: number): string => (waiting > 0 ? 'PENDING' : 'PROCESSED');
  return {
    ...{ disbursement_batch_control_id: row.control_id, disbursement_envelope_id: row.envelope_id },
    ...benefitOf(row.benefit, row.currency_code),
    disbursement_cycle_id: form === 'request' && cycle !== null ? numberOr(cycle) : cycle,
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
export function benefitOf(benefit: Benefit | null, currency: string): Fields {
  return {
    benefit_code_id: benefit === null ? null : numberOr(benefit.benefit_code_id),
    benefit_code_mnemonic: benefit?.benefit_code_mnemonic ?? null,
    benefit_type: benefit?.benefit_type ?? 'CASH_DIGITAL',
    measurement_unit: currency,
  };
}

function numberOr(text: string): number | string {
  return Number.isSafeInteger(Number(text)) ? Number(text) : text;
}

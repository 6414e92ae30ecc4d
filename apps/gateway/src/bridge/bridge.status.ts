import { utcText, type Sql } from '@gpo/persistence';

/** What became of a disbursement, as the Bridge API tells it: as if it were read from statements. */
export interface BridgeStatus {
  disbursement_id: string;
  disbursement_recon_records: {
    disbursement_recon_payloads: ReconPayload[];
    /** Never used: what the original puts here is of statements that it cannot match. */
    disbursement_error_recon_payloads: [];
  };
}

interface ReconPayload {
  bank_disbursement_batch_id: string;
  /** The client's name of the call that it came in (1.1 and 3.x). */
  disbursement_batch_control_id: string | null;
  disbursement_id: string;
  disbursement_envelope_id: string;
  beneficiary_name_from_bank: string | null;
  remittance_reference_number: string | null;
  remittance_statement_id: string | null;
  remittance_statement_number: string | null;
  remittance_statement_sequence: string | null;
  remittance_entry_sequence: string | null;
  remittance_entry_date: string | null;
  remittance_value_date: string | null;
  reversal_found: boolean;
  reversal_statement_id: string | null;
  reversal_statement_number: string | null;
  reversal_statement_sequence: string | null;
  reversal_entry_sequence: string | null;
  reversal_entry_date: string | null;
  reversal_value_date: string | null;
  reversal_reason: string | null;
}

interface Row {
  bridge_id: string;
  envelope_id: string;
  control_id: string | null;
  batch_id: string;
  line_no: number;
  state: string;
  payee_name: string | null;
  reason: string | null;
  message: string | null;
  rail_reference: string | null;
  rail_id: string | null;
  settled_at: string | null;
  ended_at: string;
}

/** States that a client of this API can only see as a reversal: it knows no failure. */
const ENDED_UNPAID: ReadonlySet<string> = new Set(['failed', 'malformed', 'cancelled']);

/** One entry for each id asked for, in their order; an unknown one has no records, as the original answers. */
export async function readBridgeStatus(
  sql: Sql,
  senderId: string,
  ids: readonly string[],
): Promise<BridgeStatus[]> {
  const rows = await sql.query<Row[]>(
    `SELECT l.bridge_id, l.envelope_id, l.control_id, d.batch_id, d.line_no, d.state, d.payee_name, d.reason, d.message, a.rail_reference, a.rail_id::text AS rail_id,
            ${utcText('a.resolved_at')} AS settled_at, ${utcText('d.updated_at')} AS ended_at
       FROM bridge_disbursement l
       JOIN LATERAL (SELECT * FROM disbursement d WHERE d.disbursement_id = l.disbursement_id OFFSET 0) d ON true
       LEFT JOIN LATERAL (SELECT * FROM attempt a WHERE a.disbursement_id = d.disbursement_id AND a.attempt_no = d.attempt_no OFFSET 0) a ON true
      WHERE l.sender_id = $1 AND l.bridge_id = ANY ($2)`,
    [senderId, ids],
  );
  const known = new Map(rows.map((row) => [row.bridge_id, row]));
  return ids.map((id) => {
    const row = known.get(id);
    const payload = row === undefined ? undefined : payloadOf(row);
    return {
      disbursement_id: id,
      disbursement_recon_records: {
        disbursement_recon_payloads: payload === undefined ? [] : [payload],
        disbursement_error_recon_payloads: [],
      },
    };
  });
}

/** Statements are ours to name: the batch is the statement, the line its entry. @returns undefined while there is no end. */
function payloadOf(row: Row): ReconPayload | undefined {
  const paid = row.state === 'succeeded' || row.state === 'returned';
  const reversed = row.state === 'returned' || ENDED_UNPAID.has(row.state);
  if (!paid && !reversed) return undefined;
  const place = { statement: row.batch_id, entry: String(row.line_no) };
  const why = [row.reason, row.message].filter((text) => text !== null && text !== '').join(': ');
  return {
    bank_disbursement_batch_id: row.batch_id,
    disbursement_batch_control_id: row.control_id,
    disbursement_id: row.bridge_id,
    disbursement_envelope_id: row.envelope_id,
    beneficiary_name_from_bank: paid ? row.payee_name : null,
    remittance_reference_number: paid ? (row.rail_reference ?? row.rail_id) : null,
    remittance_statement_id: paid ? place.statement : null,
    remittance_statement_number: paid ? place.statement : null,
    remittance_statement_sequence: paid ? '1' : null,
    remittance_entry_sequence: paid ? place.entry : null,
    remittance_entry_date: paid ? row.settled_at : null,
    remittance_value_date: paid ? row.settled_at : null,
    reversal_found: reversed,
    reversal_statement_id: reversed ? place.statement : null,
    reversal_statement_number: reversed ? place.statement : null,
    reversal_statement_sequence: reversed ? '1' : null,
    reversal_entry_sequence: reversed ? place.entry : null,
    reversal_entry_date: reversed ? row.ended_at : null,
    reversal_value_date: reversed ? row.ended_at : null,
    reversal_reason: reversed ? why || row.state : null,
  };
}

export interface EnvelopeCounts {
  shipped: number;
  reconciled: number;
  reversed: number;
}

/** How far the lines of an envelope's batch are. */
export async function readEnvelopeCounts(sql: Sql, batchId: string): Promise<EnvelopeCounts> {
  const [counts] = await sql.query<EnvelopeCounts[]>(
    `SELECT coalesce(sum(lines) FILTER (WHERE state NOT IN ('received', 'on_hold', 'malformed', 'cancelled')), 0)::int AS shipped,
            coalesce(sum(lines) FILTER (WHERE state IN ('succeeded', 'returned')), 0)::int AS reconciled,
            coalesce(sum(lines) FILTER (WHERE state IN ('returned', 'failed', 'malformed', 'cancelled')), 0)::int AS reversed
       FROM batch_counter WHERE batch_id = $1`,
    [batchId],
  );
  return counts!;
}

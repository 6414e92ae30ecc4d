import type { Sql } from '@gpo/persistence';

export interface NewBridgeLine {
  bridgeId: string;
  disbursementId: string;
  misReference: string | undefined;
  digest: Buffer;
  controlId: string | undefined;
}

/** In the order of their ids, so that calls with the same ids wait for each other and never in a ring. @returns how many were kept: fewer where an id is taken. */
export async function insertLines(
  sql: Sql,
  senderId: string,
  envelopeId: string,
  given: readonly NewBridgeLine[],
): Promise<number> {
  const lines = [...given].sort((a, b) => (a.bridgeId < b.bridgeId ? -1 : 1));
  const rows = await sql.query<unknown[]>(
    `INSERT INTO bridge_disbursement (sender_id, envelope_id, bridge_id, disbursement_id, mis_reference_number, digest, control_id)
     SELECT $1, $2, u.* FROM unnest($3::text[], $4::uuid[], $5::text[], $6::bytea[], $7::text[]) u ON CONFLICT DO NOTHING RETURNING 1`,
    [
      ...[senderId, envelopeId, lines.map(({ bridgeId }) => bridgeId)],
      lines.map(({ disbursementId }) => disbursementId),
      lines.map(({ misReference }) => misReference ?? null),
      lines.map(({ digest }) => digest),
      lines.map(({ controlId }) => controlId ?? null),
    ],
  );
  return rows.length;
}

export interface StoredBridgeLine {
  bridge_id: string;
  envelope_id: string;
  mis_reference_number: string | null;
  digest: Buffer;
  cancelled: boolean;
}

// A line may be cancelled by other doors than this one.
const LINES = `SELECT l.bridge_id, l.envelope_id, l.mis_reference_number, l.digest, coalesce(d.state = 'cancelled', false) AS cancelled
  FROM bridge_disbursement l LEFT JOIN LATERAL (SELECT state FROM disbursement d WHERE d.disbursement_id = l.disbursement_id OFFSET 0) d ON true`;

/** Lines of an envelope that have one of these names of the client. */
export function linesByReference(
  sql: Sql,
  senderId: string,
  envelopeId: string,
  references: readonly string[],
): Promise<StoredBridgeLine[]> {
  return sql.query<StoredBridgeLine[]>(
    `${LINES} WHERE l.sender_id = $1 AND l.envelope_id = $2 AND l.mis_reference_number = ANY ($3)`,
    [senderId, envelopeId, references],
  );
}

export function linesById(sql: Sql, senderId: string, ids: readonly string[]): Promise<StoredBridgeLine[]> {
  return sql.query<StoredBridgeLine[]>(`${LINES} WHERE l.sender_id = $1 AND l.bridge_id = ANY ($2)`, [
    senderId,
    ids,
  ]);
}

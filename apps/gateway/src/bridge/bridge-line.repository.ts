import type { Sql } from '@gpo/persistence';

export interface NewBridgeLine {
  bridgeId: string;
  disbursementId: string;
  misReference: string | undefined;
  digest: Buffer;
  amountMinor: bigint;
  controlId: string | undefined;
}

/** @returns how many were kept: fewer where an id is taken. */
export async function insertLines(
  sql: Sql,
  senderId: string,
  envelopeId: string,
  lines: readonly NewBridgeLine[],
): Promise<number> {
  const rows = await sql.query<unknown[]>(
    `INSERT INTO bridge_disbursement (sender_id, envelope_id, bridge_id, disbursement_id, mis_reference_number, digest, amount_minor, control_id)
     SELECT $1, $2, u.* FROM unnest($3::text[], $4::uuid[], $5::text[], $6::bytea[], $7::bigint[], $8::text[]) u ON CONFLICT DO NOTHING RETURNING 1`,
    [
      ...[senderId, envelopeId, lines.map(({ bridgeId }) => bridgeId)],
      lines.map(({ disbursementId }) => disbursementId),
      lines.map(({ misReference }) => misReference ?? null),
      lines.map(({ digest }) => digest),
      lines.map(({ amountMinor }) => amountMinor.toString()),
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
  amount_minor: string;
  cancelled: boolean;
}

const LINE =
  'bridge_id, envelope_id, mis_reference_number, digest, amount_minor::text AS amount_minor, cancelled_at IS NOT NULL AS cancelled';

/** Lines of an envelope that have one of these names of the client. */
export function linesByReference(
  sql: Sql,
  senderId: string,
  envelopeId: string,
  references: readonly string[],
): Promise<StoredBridgeLine[]> {
  return sql.query<StoredBridgeLine[]>(
    `SELECT ${LINE} FROM bridge_disbursement WHERE sender_id = $1 AND envelope_id = $2 AND mis_reference_number = ANY ($3)`,
    [senderId, envelopeId, references],
  );
}

export function linesById(sql: Sql, senderId: string, ids: readonly string[]): Promise<StoredBridgeLine[]> {
  return sql.query<StoredBridgeLine[]>(
    `SELECT ${LINE} FROM bridge_disbursement WHERE sender_id = $1 AND bridge_id = ANY ($2)`,
    [senderId, ids],
  );
}

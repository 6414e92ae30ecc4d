import { TOPICS, type OutRecord, type RecordProducer } from '@gpo/messaging';
import type { Sql } from '@gpo/persistence';

interface Refusal {
  batch_id: string;
  content_digest: Buffer;
  line_no: number;
  reference_id: string;
  errors: string[];
  line: unknown;
  sender_id: string;
  transaction_id: string;
}

/**
 * Lines that one message was refused although their batch is sound: they appear in Malformed Input with reason and
 * content, without a disbursement_id, because the disbursement of that name is another one.
 * @returns how many were published.
 */
export async function publishRefusals(sql: Sql, producer: RecordProducer): Promise<number> {
  const lines = await sql.query<Refusal[]>(
    `SELECT r.batch_id, r.content_digest, r.line_no, r.reference_id, r.errors, r.line, b.sender_id, b.transaction_id
       FROM message_refusal r JOIN batch b USING (batch_id)
      WHERE r.published_at IS NULL
      ORDER BY r.batch_id, r.content_digest, r.line_no LIMIT 1000 FOR UPDATE OF r SKIP LOCKED`,
  );
  if (lines.length === 0) return 0;
  await producer.send(TOPICS.malformedInput.name, lines.map(toRecord));
  await sql.query(
    `UPDATE message_refusal r SET published_at = now()
       FROM unnest($1::uuid[], $2::bytea[], $3::int[]) AS u(batch_id, content_digest, line_no)
      WHERE r.batch_id = u.batch_id AND r.content_digest = u.content_digest AND r.line_no = u.line_no`,
    [
      lines.map(({ batch_id }) => batch_id),
      lines.map(({ content_digest }) => content_digest),
      lines.map(({ line_no }) => line_no),
    ],
  );
  return lines.length;
}

function toRecord({ batch_id, content_digest, line_no, errors, line, ...ids }: Refusal): OutRecord {
  const { sender_id, transaction_id, reference_id } = ids;
  const value = {
    sender_id,
    transaction_id,
    batch_id,
    reference_id,
    errors,
    refused_line: { line_no, line },
  };
  return {
    key: `${batch_id}:${content_digest.toString('hex', 0, 8)}:${line_no}`,
    value: JSON.stringify(value),
  };
}

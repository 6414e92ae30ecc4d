import type { Sql } from '@gpo/persistence';

/** A line that cannot have a row of its own: no reference_id, or one repeated in the batch. */
export interface NewRefusedLine {
  lineNo: number;
  referenceId: string | null;
  errors: readonly string[];
  message: string;
  line: unknown;
}

/** Those refused lines that the batch does not hold yet: a message that comes again must not count them twice. */
export async function unknownRefused(
  sql: Sql,
  batchId: string,
  lines: readonly NewRefusedLine[],
): Promise<NewRefusedLine[]> {
  if (lines.length === 0) return [];
  const rows = await sql.query<{ position: number }[]>(
    `SELECT u.position FROM unnest($2::int[], $3::jsonb[]) AS u(position, line)
      WHERE NOT EXISTS (SELECT FROM refused_line r WHERE r.batch_id = $1 AND r.line = u.line)
      ORDER BY u.position`,
    [batchId, lines.map((_, position) => position), lines.map(({ line }) => JSON.stringify(line))],
  );
  return rows.map(({ position }) => lines[position]!);
}

export async function insertRefusedLines(
  sql: Sql,
  batchId: string,
  lines: readonly NewRefusedLine[],
): Promise<void> {
  await sql.query(
    `INSERT INTO refused_line (batch_id, line_no, reference_id, errors, message, line)
     SELECT $1, u.line_no, u.reference_id, string_to_array(u.errors, ' '), u.message, u.line
       FROM unnest($2::int[], $3::text[], $4::text[], $5::text[], $6::jsonb[])
         AS u(line_no, reference_id, errors, message, line)`,
    [
      batchId,
      lines.map(({ lineNo }) => lineNo),
      lines.map(({ referenceId }) => referenceId),
      lines.map(({ errors }) => errors.join(' ')),
      lines.map(({ message }) => message),
      lines.map(({ line }) => JSON.stringify(line)),
    ],
  );
}

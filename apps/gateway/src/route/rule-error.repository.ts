import { createHash } from 'node:crypto';
import type { InRecord } from '@gpo/messaging';
import type { Sql } from '@gpo/persistence';
import type { RuleError } from './rule-error.reader.js';

const KEEP_DAYS = 30;

/** Stores each record once and forgets those older than the topic keeps. @returns scenario of each record that is new. */
export async function storeRuleErrors(
  sql: Sql,
  errors: readonly { record: InRecord; error: RuleError }[],
): Promise<string[]> {
  await sql.query(`DELETE FROM rule_error WHERE stored_at < now() - interval '${KEEP_DAYS} days'`);
  const rows = await sql.query<{ scenario: string }[]>(
    `INSERT INTO rule_error (scenario, node, message, source_key, happened_at,
                             record_partition, record_offset, record_digest)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[],
                          $6::integer[], $7::bigint[], $8::bytea[])
     ON CONFLICT DO NOTHING RETURNING scenario`,
    [
      errors.map(({ error }) => error.scenario),
      errors.map(({ error }) => error.node),
      errors.map(({ error }) => error.message),
      errors.map(({ error }) => error.sourceKey),
      errors.map(({ error }) => error.happenedAt.toISOString()),
      errors.map(({ record }) => record.partition),
      errors.map(({ record }) => record.offset),
      errors.map(({ record }) =>
        createHash('sha256')
          .update(record.value ?? '')
          .digest(),
      ),
    ],
  );
  return rows.map(({ scenario }) => scenario);
}

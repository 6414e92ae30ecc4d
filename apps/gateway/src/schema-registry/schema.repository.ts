import type { Sql } from '@gpo/persistence';

/** One version of one subject's schema. `schema_id` belongs to this text for ever. */
export interface StoredSchema {
  schema_id: number;
  subject: string;
  version: number;
  /** JSON Schema as text. */
  schema: string;
}

const REGISTRY_LOCK = 715_004;
const COLUMNS = 'schema_id, subject, version, schema';

/**
 * Adds a version with a new id for each subject whose newest text differs, under a lock so that several gateways
 * that start at once agree. To be called in a transaction. @returns what was added.
 */
export async function registerSchemas(
  sql: Sql,
  textOf: ReadonlyMap<string, string>,
): Promise<StoredSchema[]> {
  await sql.query('SELECT pg_advisory_xact_lock($1)', [REGISTRY_LOCK]);
  return sql.query<StoredSchema[]>(
    `INSERT INTO registry_schema (schema_id, subject, version, schema)
     SELECT coalesce((SELECT max(schema_id) FROM registry_schema), 0) + row_number() OVER (ORDER BY u.subject),
            u.subject, coalesce(newest.version, 0) + 1, u.schema
       FROM unnest($1::text[], $2::text[]) AS u(subject, schema)
       LEFT JOIN LATERAL (SELECT r.version, r.schema FROM registry_schema r WHERE r.subject = u.subject
                           ORDER BY r.version DESC LIMIT 1) newest ON true
      WHERE newest.schema IS DISTINCT FROM u.schema
     RETURNING ${COLUMNS}`,
    [[...textOf.keys()], [...textOf.values()]],
  );
}

export async function readSubjects(sql: Sql): Promise<string[]> {
  const rows = await sql.query<{ subject: string }[]>(
    'SELECT DISTINCT subject FROM registry_schema ORDER BY subject',
  );
  return rows.map(({ subject }) => subject);
}

/** Empty where there is no such subject. */
export async function readVersions(sql: Sql, subject: string): Promise<number[]> {
  const rows = await sql.query<{ version: number }[]>(
    'SELECT version FROM registry_schema WHERE subject = $1 ORDER BY version',
    [subject],
  );
  return rows.map(({ version }) => version);
}

/** @param version a number, or undefined for the newest. */
export async function readVersion(
  sql: Sql,
  subject: string,
  version: number | undefined,
): Promise<StoredSchema | undefined> {
  const [row] = await sql.query<StoredSchema[]>(
    `SELECT ${COLUMNS} FROM registry_schema
      WHERE subject = $1 AND version = coalesce($2::integer, version) ORDER BY version DESC LIMIT 1`,
    [subject, version ?? null],
  );
  return row;
}

export async function readById(sql: Sql, schemaId: number): Promise<StoredSchema | undefined> {
  const [row] = await sql.query<StoredSchema[]>(
    `SELECT ${COLUMNS} FROM registry_schema WHERE schema_id = $1`,
    [schemaId],
  );
  return row;
}

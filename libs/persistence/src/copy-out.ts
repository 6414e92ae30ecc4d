import type { Readable } from 'node:stream';
import pg from 'pg';
import { to } from 'pg-copy-streams';
import { EntityManager } from 'typeorm';
import { binaryRows } from './copy-binary.js';
import type { Sql } from './data-source.js';
import { Snapshot } from './snapshot.js';

/**
 * What a COPY sends, as it comes: the database makes rows no faster than they are read, so memory stays flat.
 * Until its end the connection can run nothing else.
 * @param statement `COPY (SELECT ...) TO STDOUT ...`; COPY takes no parameters, so what came from outside is `inlined`.
 */
export function copyOut(client: pg.ClientBase, statement: string): Readable {
  return client.query(to(statement));
}

/** The connection of a running transaction. */
export async function clientOf(sql: Sql): Promise<pg.ClientBase> {
  if (sql instanceof Snapshot) return sql.client;
  if (!(sql instanceof EntityManager) || sql.queryRunner === undefined)
    throw new Error('Rows are copied in a transaction only.');
  return (await sql.queryRunner.connect()) as pg.PoolClient;
}

/** A query as text of its own, for COPY, which takes no parameters: texts are quoted as PostgreSQL does, the rest stays as it is. */
export function inlined(query: string, parameters: readonly (string | number | null)[]): string {
  return query.replace(/\$(\d+)/g, (_, index: string) => {
    const value = parameters[Number(index) - 1];
    if (value === undefined) throw new Error(`No value for $${index}.`);
    return typeof value === 'string' ? pg.escapeLiteral(value) : String(value);
  });
}

/** The first column of a query's rows as text, as they come, on the connection of a running transaction. */
export async function* copyTexts(sql: Sql, query: string): AsyncGenerator<string> {
  const bytes = copyOut(await clientOf(sql), `COPY (${query}) TO STDOUT BINARY`);
  for await (const rows of binaryRows(bytes)) for (const [text] of rows) yield text!.toString();
}

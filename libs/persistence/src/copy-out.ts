import type { Readable } from 'node:stream';
import type pg from 'pg';
import { to } from 'pg-copy-streams';
import { EntityManager } from 'typeorm';
import type { Sql } from './data-source.js';

/**
 * What a COPY sends, as it comes: the database makes rows no faster than they are read, so memory stays flat.
 * Until its end the transaction can run nothing else.
 * @param sql a running transaction.
 * @param statement `COPY (SELECT ...) TO STDOUT ...`; COPY takes no parameters, so it holds nothing that came from outside
 *   except by quoteLiteral.
 */
export async function copyOut(sql: Sql, statement: string): Promise<Readable> {
  if (!(sql instanceof EntityManager) || sql.queryRunner === undefined)
    throw new Error('Rows are copied in a transaction only.');
  const client = (await sql.queryRunner.connect()) as pg.PoolClient;
  return client.query(to(statement));
}

import { createHash } from 'node:crypto';
import { SCENARIO_HEADER } from '@gpo/messaging';
import type { Sql } from './data-source.js';

/** What is kept of a record. */
export interface Parkable {
  topic: string;
  partition: number;
  offset: string;
  key: string | null;
  value: Buffer | null;
  /** The scenario header, where the record had one. */
  headers: Readonly<Record<string, string>>;
}

/** A record that came before its row: a direct producer's request can be routed before intake registered it. */
export interface ParkedRecord {
  parked_id: string;
  topic: string;
  record_partition: number;
  record_offset: string;
  record_key: string | null;
  record: Buffer;
  routed_by: string | null;
  /** Waited longer than allowed; it becomes a dead letter. */
  expired: boolean;
}

const ROUTED_BY_CHARACTERS_MAX = 80;

export async function park(sql: Sql, records: readonly Parkable[]): Promise<void> {
  await sql.query(
    `INSERT INTO parked_record (topic, record_key, record, record_digest, routed_by, record_partition, record_offset, next_at)
     SELECT u.*, now() + interval '1 second'
       FROM unnest($1::text[], $2::text[], $3::bytea[], $4::bytea[], $5::text[], $6::int[], $7::bigint[])
         AS u(topic, record_key, record, record_digest, routed_by, record_partition, record_offset)
     ON CONFLICT DO NOTHING`,
    [
      records.map(({ topic }) => topic),
      // PostgreSQL stores no NUL; the key is only shown in the dead letter.
      records.map(({ key }) => key?.replaceAll('\0', '\uFFFD') ?? null),
      records.map(({ value }) => value),
      records.map(({ value }) => createHash('sha256').update(value!).digest()),
      records.map(({ headers }) => headers[SCENARIO_HEADER]?.slice(0, ROUTED_BY_CHARACTERS_MAX) ?? null),
      records.map(({ partition }) => partition),
      records.map(({ offset }) => offset),
    ],
  );
}

/** The record as its handler gets it. */
export function unpark(row: ParkedRecord): ParkedAsRecord {
  const headers: Record<string, string> = row.routed_by === null ? {} : { [SCENARIO_HEADER]: row.routed_by };
  return {
    topic: row.topic,
    partition: row.record_partition,
    offset: row.record_offset,
    key: row.record_key,
    value: row.record,
    headers,
  };
}

interface ParkedAsRecord extends Parkable {
  headers: Record<string, string>;
}

/** Takes the due records of these topics; they come back by themselves unless they are removed. */
export async function takeParked(
  sql: Sql,
  topics: readonly string[],
  parkMaxMs: number,
): Promise<ParkedRecord[]> {
  const [rows] = await sql.query<[ParkedRecord[], number]>(
    `UPDATE parked_record p SET next_at = now() + interval '2 seconds'
      WHERE p.parked_id IN (SELECT parked_id FROM parked_record
                             WHERE topic = ANY($1) AND next_at <= now() ORDER BY parked_id LIMIT 500
                               FOR UPDATE SKIP LOCKED)
      RETURNING parked_id, topic, record_partition, record_offset, record_key, record, routed_by,
                parked_at < now() - $2 * interval '1 millisecond' AS expired`,
    [topics, parkMaxMs],
  );
  return rows;
}

export async function removeParked(sql: Sql, parkedIds: readonly string[]): Promise<void> {
  await sql.query('DELETE FROM parked_record WHERE parked_id = ANY($1)', [parkedIds]);
}

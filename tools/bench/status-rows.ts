import { randomUUID } from 'node:crypto';
import pg from 'pg';

/** What was stored: enough to ask for any of it. */
export interface StoredBatches {
  batches: { id: string; transaction: string; lines: number }[];
  disbursements: number;
}

const TABLES = ['disbursement', 'attempt', 'history'];

/**
 * Finished batches as the path leaves them, made in the database: 95 % paid, 2 % failed, 1 % returned, 1 % paid at the second
 * attempt, 1 % not due yet. The first batch has a million lines (fewer where there are fewer in all), the others share the rest.
 */
export async function storeBatches(
  url: string,
  batches: number,
  lines: number,
  first: number,
): Promise<StoredBatches> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`SET synchronous_commit = off`);
    await client.query(`SET maintenance_work_mem = '1GB'`);
    const rebuild = await dropIndexes(client);
    const each = Math.floor((lines - first) / (batches - 1));
    const stored: StoredBatches = { batches: [], disbursements: first + each * (batches - 1) };
    for (let index = 0; index < batches; index += 1) {
      const batch = { id: randomUUID(), transaction: `bench-${index}`, lines: index === 0 ? first : each };
      await storeBatch(
        client,
        batch,
        index,
        stored.batches.reduce((sum, one) => sum + one.lines, 0),
      );
      stored.batches.push(batch);
      if (index % 100 === 0) process.stdout.write(`stored ${index + 1} of ${batches} batches\n`);
    }
    for (const statement of rebuild) await client.query(statement);
    process.stdout.write('indexes are built\n');
    for (const table of [...TABLES, 'batch', 'batch_counter']) await client.query(`VACUUM ANALYZE ${table}`);
    await client.query('CHECKPOINT');
    return stored;
  } finally {
    await client.end();
  }
}

/** Built over all rows at once, indexes cost a fraction. @returns what makes them again. */
async function dropIndexes(client: pg.Client): Promise<string[]> {
  const { rows: keys } = await client.query<{ drop: string; make: string }>(
    `SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS drop,
            format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) AS make
       FROM pg_constraint WHERE conrelid = ANY($1::regclass[]) AND contype = 'p'`,
    [TABLES],
  );
  for (const { drop } of keys) await client.query(drop);
  const { rows: indexes } = await client.query<{ name: string; make: string }>(
    `SELECT indexname AS name, indexdef AS make FROM pg_indexes WHERE tablename = ANY($1)`,
    [TABLES],
  );
  for (const { name } of indexes) await client.query(`DROP INDEX ${name}`);
  return [...keys, ...indexes].map(({ make }) => make);
}

const STATE = `CASE WHEN n % 100 < 2 THEN 'failed' WHEN n % 100 = 2 THEN 'returned' WHEN n % 100 = 3 THEN 'received' ELSE 'succeeded' END`;
/** As the product makes them: the first half is the batch's, so that its rows lie together in the indexes. */
const ID = `(left(md5($1::text), 16) || right(md5($1::text || n), 16))::uuid`;
const LANE = `CASE n % 3 WHEN 0 THEN 'mobile-money' WHEN 1 THEN 'payment-gateway' ELSE 'core-banking' END`;
/** When everything ended that has ended. */
const CHANGED = `timestamptz '2026-01-02Z'`;
const LINES = `generate_series(1, $2::int) AS n`;

async function storeBatch(
  client: pg.Client,
  { id, transaction, lines }: { id: string; transaction: string; lines: number },
  index: number,
  first: number,
): Promise<void> {
  await client.query('BEGIN');
  await client.query(
    `INSERT INTO batch (batch_id, sender_id, transaction_id, correlation_id, message_id, content_digest, channel, total_count, received_at)
     VALUES ($1, 'openg2p', $2, gen_random_uuid(), $2, '', 'rest', $3, timestamptz '2026-01-01Z' + $4 * interval '1 minute')`,
    [id, transaction, lines, index],
  );
  await client.query(
    `INSERT INTO disbursement (disbursement_id, batch_id, line_no, reference_id, digest, payer_fa, payee_fa, payee_scheme, payee_id,
       payee_provider, payee_name, amount, amount_minor, currency_code, exponent, due_at, state, attempt_no, reason, ended_lane,
       ended_rail_reference, updated_at)
     SELECT ${ID}, $1::uuid, n, $3 || '-' || n, '\\x00'::bytea, 'account_no:1@TREASURY', 'phone:+2547' || lpad(($4::int + n)::text, 8, '0') || '@mpesa', 'phone',
            '+2547' || lpad(($4::int + n)::text, 8, '0'), 'mpesa', 'Bench Payee', '100.50', 10050, 'KES', 2, CASE WHEN n % 100 = 3 THEN now() + interval '30 days' ELSE timestamptz '2026-01-01' END,
            ${STATE}, CASE WHEN n % 100 = 4 THEN 2 ELSE 1 END, CASE WHEN n % 100 < 2 THEN 'AC01' WHEN n % 100 = 2 THEN 'AC04' END,
            CASE WHEN n % 100 <> 3 THEN ${LANE} END, CASE WHEN n % 100 <> 3 THEN 'R' || n END,
            CASE WHEN n % 100 = 3 THEN (SELECT received_at FROM batch WHERE batch_id = $1::uuid) ELSE ${CHANGED} END
       FROM ${LINES}`,
    [id, lines, transaction, first],
  );
  await client.query(
    `INSERT INTO attempt (disbursement_id, attempt_no, lane, state, rail_id, rail_reference, queued_at, resolved_at, sends, outcome_seq, published_seq)
     SELECT ${ID}, no, ${LANE},
            CASE ${STATE} WHEN 'failed' THEN 'rejected' WHEN 'returned' THEN 'returned' ELSE 'settled' END,
            ${ID}, 'R' || n, (SELECT received_at FROM batch WHERE batch_id = $1::uuid), ${CHANGED}, 1, 1, 1
       FROM ${LINES}, generate_series(1, CASE WHEN n % 100 = 4 THEN 2 ELSE 1 END) AS no WHERE n % 100 <> 3`,
    [id, lines],
  );
  await client.query(
    `INSERT INTO history (disbursement_id, batch_id, event, from_state, to_state, attempt_no, cause, scenario, scenario_version, at)
     SELECT ${ID}, $1::uuid, 'settled', 'received', ${STATE}, 1, 'success', 'response-routing', 'a1b2c3d4', ${CHANGED}
       FROM ${LINES} WHERE n % 100 <> 3`,
    [id, lines],
  );
  await client.query(
    `INSERT INTO batch_counter (batch_id, shard, state, currency_code, lines, amount_minor, retried)
     SELECT $1::uuid, 0, state, 'KES', lines, lines * 10050, 0 FROM (SELECT ${STATE} AS state, count(*) AS lines FROM ${LINES} GROUP BY 1) s
      UNION ALL SELECT $1::uuid, 0, 'retrying', 'KES', 0, 0, count(*) FROM ${LINES} WHERE n % 100 = 4`,
    [id, lines],
  );
  await client.query('COMMIT');
}

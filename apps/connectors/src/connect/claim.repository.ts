import { RESTORED, WAITING, type ScenarioRef, type Sql } from '@gpo/persistence';

/** A filtered request, reduced to what may be believed: ids, lane, attempt, and the digest of what it says. */
export interface ClaimRequest {
  disbursementId: string;
  senderId: string;
  transactionId: string;
  referenceId: string;
  attemptNo: number;
  lane: string;
  /** Digest as the record has it, with its own payer or, where it names none, see payerAbsent. */
  money: { payerFa: string | undefined; payeeFa: string; amount: string; currencyCode: string };
  /** Rail id of a new attempt on this lane. */
  railId: string;
  /** The rail takes a refused id again (manifest refusedId='free'). */
  reuseRefusedId: boolean;
  /** The rules that wrote the record, as far as they are known; for people only. */
  routedBy?: ScenarioRef | undefined;
}

/**
 * Why a request was not turned into an attempt. `row_answers`: the row publishes what is to happen by itself, when it
 * is due, when the person who holds it releases it, when its payee is resolved, or because it has violations, so the record is not needed.
 */
export type ClaimVerdict =
  'claimed' | 'exists' | 'no_row' | 'row_answers' | 'content_mismatch' | 'not_payable';

export interface StoredMoney {
  disbursement_id: string;
  sender_id: string;
  transaction_id: string;
  reference_id: string;
  payer_fa: string;
  digest: Buffer;
}

/** What the record of each request is compared with (rule B). */
export async function readStored(
  sql: Sql,
  disbursementIds: readonly string[],
): Promise<Map<string, StoredMoney>> {
  const rows = await sql.query<StoredMoney[]>(
    `SELECT d.disbursement_id, b.sender_id, b.transaction_id, d.reference_id, d.payer_fa, d.digest
       FROM disbursement d JOIN batch b USING (batch_id) WHERE d.disbursement_id = ANY($1)`,
    [disbursementIds],
  );
  return new Map(rows.map((row) => [row.disbursement_id, row]));
}

interface ClaimRow {
  request: ClaimRequest;
  digest: Buffer;
}

/**
 * A new attempt waits to be sent; after a restore it is unknown, as if it had been sent in the time that was lost: its rail is asked first,
 * and only what is surely absent there is queued (docs/restore.md, rule F).
 */
const BEGINNING = 'state, sends, first_send_at, send_by, next_at';
const BEGINS = `CASE WHEN restored.sent_to IS NULL THEN 'queued' ELSE 'unknown' END, (restored.sent_to IS NOT NULL)::int,
  restored.sent_from, restored.sent_to, CASE WHEN restored.sent_to IS NOT NULL THEN now() END`;

/**
 * Rules B, C: attempt 1 is inserted only for an open, due row without violations that waits for nobody and whose digest is
 * the record's; the primary key lets one writer win.
 * @returns ids of the disbursements claimed now.
 */
export async function claimFirst(sql: Sql, rows: readonly ClaimRow[]): Promise<Set<string>> {
  if (rows.length === 0) return new Set();
  const inserted = await sql.query<{ disbursement_id: string }[]>(
    `WITH i AS (SELECT * FROM unnest($1::uuid[], $2::bytea[], $3::text[], $4::uuid[], $5::text[], $6::text[])
                  AS u(disbursement_id, digest, lane, rail_id, scenario, version)),
     claimed AS (
       INSERT INTO attempt (disbursement_id, attempt_no, lane, rail_id, scenario, scenario_version, ${BEGINNING})
       SELECT d.disbursement_id, 1, i.lane, i.rail_id, i.scenario, i.version, ${BEGINS}
         FROM i
        CROSS JOIN (${RESTORED}) restored
        -- Fenced: with all the conditions in sight the planner takes "due" for the rarer one and reads every row.
        CROSS JOIN LATERAL (SELECT * FROM disbursement k WHERE k.disbursement_id = i.disbursement_id OFFSET 0) d
         JOIN batch b USING (batch_id)
        WHERE d.digest = i.digest AND d.state = 'received' AND d.attempt_no = 1
          AND d.violations = '{}' AND d.due_at <= now() AND NOT ${WAITING}
        ORDER BY d.disbursement_id
       ON CONFLICT DO NOTHING
       RETURNING disbursement_id, lane)
     SELECT disbursement_id FROM claimed`,
    columns(rows),
  );
  return new Set(inserted.map(({ disbursement_id }) => disbursement_id));
}

/**
 * Rule H: attempt n+1 only from a predecessor that is rejected and retryable, read FOR SHARE here, and only where the
 * rules decided so (the row says retrying) and the wait is over. A new rail id where the rail remembers refused ones; no change of lane after
 * a refusal that is not definite.
 */
export async function claimNext(sql: Sql, rows: readonly ClaimRow[]): Promise<Set<string>> {
  if (rows.length === 0) return new Set();
  const inserted = await sql.query<{ disbursement_id: string }[]>(
    `WITH i AS (SELECT * FROM unnest($1::uuid[], $2::bytea[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::int[], $8::bool[])
                  AS u(disbursement_id, digest, lane, rail_id, scenario, version, attempt_no, reuse)),
     before AS (
       SELECT a.disbursement_id, a.attempt_no, a.lane, a.rail_id, a.definite, a.retryable, a.state
         FROM attempt a JOIN i ON i.disbursement_id = a.disbursement_id AND a.attempt_no = i.attempt_no - 1
        ORDER BY a.disbursement_id FOR SHARE OF a)
     INSERT INTO attempt (disbursement_id, attempt_no, lane, rail_id, scenario, scenario_version, ${BEGINNING})
     SELECT d.disbursement_id, i.attempt_no, i.lane,
            CASE WHEN i.reuse AND before.lane = i.lane THEN before.rail_id ELSE i.rail_id END, i.scenario, i.version, ${BEGINS}
       FROM i
      CROSS JOIN (${RESTORED}) restored
       JOIN disbursement d USING (disbursement_id)
       JOIN before ON before.disbursement_id = i.disbursement_id AND before.attempt_no = i.attempt_no - 1
       LEFT JOIN retry r ON r.disbursement_id = i.disbursement_id AND r.attempt_no = i.attempt_no
      WHERE d.digest = i.digest AND d.state = 'retrying' AND d.attempt_no = i.attempt_no
        AND (r.due_at IS NULL OR r.due_at <= now())
        AND before.state = 'rejected' AND before.retryable AND (before.lane = i.lane OR before.definite)
     ON CONFLICT DO NOTHING
     RETURNING disbursement_id`,
    [
      ...columns(rows),
      rows.map(({ request }) => request.attemptNo),
      rows.map(({ request }) => request.reuseRefusedId),
    ],
  );
  return new Set(inserted.map(({ disbursement_id }) => disbursement_id));
}

function columns(rows: readonly ClaimRow[]): unknown[] {
  return [
    rows.map(({ request }) => request.disbursementId),
    rows.map(({ digest }) => digest),
    rows.map(({ request }) => request.lane),
    rows.map(({ request }) => request.railId),
    rows.map(({ request }) => request.routedBy?.scenario ?? null),
    rows.map(({ request }) => request.routedBy?.version ?? null),
  ];
}

/** Says of requests that became no attempt why not. */
export async function explainUnclaimed(
  sql: Sql,
  requests: readonly ClaimRequest[],
): Promise<Map<ClaimRequest, ClaimVerdict>> {
  const rows = await sql.query<{ position: number; known: boolean; answered: boolean }[]>(
    `SELECT i.position, EXISTS (SELECT FROM attempt a
               WHERE a.disbursement_id = i.disbursement_id AND a.attempt_no = i.attempt_no) AS known,
            (i.attempt_no = 1 AND d.state = 'received' AND (d.violations <> '{}' OR d.due_at > now() OR ${WAITING}))
            OR EXISTS (SELECT FROM retry r WHERE r.disbursement_id = i.disbursement_id
                          AND r.attempt_no = i.attempt_no AND d.state = 'retrying' AND r.due_at > now()) AS answered
       FROM unnest($1::int[], $2::uuid[], $3::int[]) AS i(position, disbursement_id, attempt_no)
       JOIN disbursement d USING (disbursement_id) JOIN batch b USING (batch_id)`,
    [
      requests.map((_, position) => position),
      requests.map(({ disbursementId }) => disbursementId),
      requests.map(({ attemptNo }) => attemptNo),
    ],
  );
  return new Map(
    rows.map(({ position, known, answered }) => [
      requests[position]!,
      known ? 'exists' : answered ? 'row_answers' : 'not_payable',
    ]),
  );
}

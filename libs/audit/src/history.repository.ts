import type { Sql } from '@gpo/persistence';

/** Chains of outcomes, one per shard of the writers; and one for decisions that come before their outcome. */
export const OUTCOME_CHAINS = 16;
export const DECISION_CHAIN = OUTCOME_CHAINS;

/** The event of a decision that an outcome follows: by itself it changes nothing of the line. */
export const DECIDED = 'decided';

/** One step of a disbursement, as it is kept for good. */
export interface HistoryEntry {
  disbursementId: string;
  batchId: string;
  event: string;
  fromState: string;
  toState: string;
  attemptNo: number;
  reason: string | null;
  message: string | null;
  cause: string;
  scenario: string | null;
  scenarioVersion: string | null;
  actor: string | null;
}

/**
 * Appends the entries and one link of the audit chain over them, in one statement of the running transaction. Writers of
 * one chain wait for each other until they commit. A transaction that writes twice takes DECISION_CHAIN first: the other
 * writers lock disbursements before their chain.
 */
export async function appendHistory(
  sql: Sql,
  entries: readonly HistoryEntry[],
  chain: number,
): Promise<void> {
  await sql.query(
    `WITH head AS (SELECT chain, link + 1 AS link, hash FROM audit_head WHERE chain = $13 FOR UPDATE),
     entry AS (
       INSERT INTO history (disbursement_id, batch_id, event, from_state, to_state, attempt_no, reason, message, cause,
                            scenario, scenario_version, actor, chain, link)
       SELECT u.*, head.chain, head.link
         FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::int[], $7::text[], $8::text[],
                     $9::text[], $10::text[], $11::text[], $12::text[]) u, head
       RETURNING *),
     leaves AS (
       SELECT count(*)::int AS lines, min(history_id) AS first_id, max(history_id) AS last_id,
              string_agg(history_leaf(entry), ''::bytea ORDER BY history_id) AS leaves
         FROM entry),
     made AS (
       INSERT INTO audit_link (chain, link, first_id, last_id, lines, leaves, hash)
       SELECT head.chain, head.link, first_id, last_id, lines, leaves,
              audit_link_hash(head.chain, head.link, lines, leaves, now(), head.hash)
         FROM head, leaves
       RETURNING chain, link, hash)
     UPDATE audit_head h SET link = made.link, hash = made.hash FROM made WHERE h.chain = made.chain`,
    [
      entries.map(({ disbursementId }) => disbursementId),
      entries.map(({ batchId }) => batchId),
      entries.map(({ event }) => event),
      entries.map(({ fromState }) => fromState),
      entries.map(({ toState }) => toState),
      entries.map(({ attemptNo }) => attemptNo),
      entries.map(({ reason }) => reason),
      entries.map(({ message }) => message),
      entries.map(({ cause }) => cause),
      entries.map(({ scenario }) => scenario),
      entries.map(({ scenarioVersion }) => scenarioVersion),
      entries.map(({ actor }) => actor),
      chain,
    ],
  );
}

/**
 * Numbers of PostgreSQL's advisory locks, each its own: two uses of one number would wait for each other, or take the
 * other's lock for theirs. Processes of different versions meet here, so a number never changes its meaning.
 */
export const ADVISORY_LOCKS = {
  /** Migrations, one process at a time. */
  migration: 715_001,
  /** For the length of a transaction by everybody who reads and writes the row of the routing engine. */
  engineGate: 715_002,
  /** Held shared by each running router for as long as it may route, so that nobody switches under it. */
  router: 715_003,
  /** Versions of scenarios, recorded one process at a time. */
  scenarioVersions: 715_004,
  /** Ids of the schema registry, given one process at a time. */
  schemaRegistry: 715_005,
  /** Claims share it, holds take it alone (hold-lock.ts). */
  hold: 715_010,
  /** Intakes of one sender whose payees are compared; with the sender's hash as second key. */
  duplicatePayeeOfSender: 715_011,
  /** The same over all senders. */
  duplicatePayeeOfAll: 715_012,
  /** Requests of one sender at once; with the hash of sender and slot as second key. */
  senderRequest: 715_013,
} as const;

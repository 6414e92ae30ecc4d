import { Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { contentDigest } from '@gpo/g2p-connect-schemas';
import { inTransaction, type Sql } from '@gpo/persistence';
import { GatewayConfig } from '../gateway.config.js';
import { CallbackQueue } from '../callback/callback.queue.js';
import { GatewayMetrics } from '../health/gateway.metrics.js';
import { completeBatches, moveCounters, type CounterMove } from './counters.repository.js';
import { decide, type Change, type Claim } from './decision.js';
import {
  moveStates,
  readContents,
  readStandings,
  storeRetries,
  voidFirstAttempts,
  writeHistory,
} from './outcome.repository.js';
import { isFinal } from './states.js';

const SHARDS = 16;
// A row that changed between read and write is read again; more rounds than this means a live fight for one row.
const ROUNDS_MAX = 5;

/** The only writer of a disbursement's state. Takes claims of the result topics and believes what the rows confirm. */
@Injectable()
export class OutcomeService {
  private readonly log = new Logger('outcome');

  constructor(
    private readonly dataSource: DataSource,
    private readonly config: GatewayConfig,
    private readonly callbacks: CallbackQueue,
    private readonly metrics: GatewayMetrics,
  ) {}

  /**
   * Applies the claims in order. Resolves after the commit.
   * @param shard any number; writers with different shards do not wait for each other's counters.
   * @returns the claims that could not be: see Leftover.
   */
  async apply(claims: readonly Claim[], shard: number): Promise<Leftover> {
    const left: Leftover = { missing: [], mismatched: [] };
    for (const group of inOrderPerDisbursement(claims)) await this.applyGroup(group, shard, left);
    return left;
  }

  private async applyGroup(claims: readonly Claim[], shard: number, left: Leftover): Promise<void> {
    let waiting = claims;
    const done: Change[] = [];
    for (let round = 1; waiting.length > 0; round += 1) {
      if (round > ROUNDS_MAX)
        throw new Error(`${waiting.length} disbursements kept changing while being moved`);
      const { written, again, missing, mismatched } = await inTransaction(this.dataSource, (sql) =>
        this.round(sql, waiting, shard),
      );
      left.missing.push(...missing);
      left.mismatched.push(...mismatched);
      done.push(...written);
      waiting = again;
    }
    await this.afterCommit(done);
  }

  private async round(sql: Sql, claims: readonly Claim[], shard: number): Promise<Round> {
    const mismatched = await this.voidMalformed(
      sql,
      claims.filter(({ kind }) => kind === 'malformed'),
    );
    const standings = await readStandings(sql, claims);
    const missing = claims.filter((claim) => !standings.has(claim));
    const changes: Change[] = [];
    for (const [claim, standing] of standings) {
      const change = mismatched.includes(claim) ? undefined : decide(claim, standing);
      if (change !== undefined) changes.push(change);
    }
    if (changes.length === 0) return { written: [], again: [], missing, mismatched };
    const written = await moveStates(sql, changes);
    if (written.length > 0) await this.writeConsequences(sql, written, shard);
    const moved = new Set(written);
    const again = changes.filter((change) => !moved.has(change)).map(({ claim }) => claim);
    return { written, again, missing, mismatched };
  }

  /** Rules B and C. @returns the claims whose record says something else than the row: they touch nothing. */
  private async voidMalformed(sql: Sql, malformed: readonly Claim[]): Promise<Claim[]> {
    if (malformed.length === 0) return [];
    const ids = malformed.map(({ disbursementId }) => disbursementId);
    const stored = await readContents(sql, ids);
    const mismatched = malformed.filter(({ disbursementId, content }) => {
      const row = stored.get(disbursementId);
      if (row === undefined || content === undefined) return row !== undefined;
      const payerFa = content.payerFa === '' ? row.payer_fa : content.payerFa;
      return !contentDigest({ ...content, payerFa }).equals(row.digest);
    });
    const agreeing = malformed.filter((claim) => !mismatched.includes(claim));
    await voidFirstAttempts(
      sql,
      agreeing.map(({ disbursementId }) => disbursementId),
    );
    return mismatched;
  }

  /** Everything that a state change brings with it, in the same transaction. */
  private async writeConsequences(sql: Sql, changes: readonly Change[], shard: number): Promise<void> {
    await writeHistory(sql, changes);
    await moveCounters(sql, shard % SHARDS, changes.flatMap(counterMoves));
    const retries = changes.filter(({ event }) => event === 'retry');
    if (retries.length > 0) await storeRetries(sql, retries, this.config.retryTimeScale);
    const told = changes.filter(({ to, standing }) => isFinal(to) && standing.callbackWanted);
    if (told.length > 0) await this.callbacks.add(sql, told);
    for (const { standing } of changes.filter(
      ({ standing, to }) => standing.state === 'returned' && to === 'succeeded',
    )) {
      await sql.query(
        `INSERT INTO incident (kind, disbursement_id, attempt_no, detail) VALUES ('settled_after_return', $1, $2, $3)
         ON CONFLICT DO NOTHING`,
        [
          standing.disbursementId,
          standing.attemptNo,
          'A later attempt settled although an earlier one had been returned.',
        ],
      );
    }
  }

  private async afterCommit(changes: readonly Change[]): Promise<void> {
    for (const { to } of changes) this.metrics.outcome(to);
    const batchIds = [
      ...new Set(changes.filter(({ to }) => isFinal(to)).map(({ standing }) => standing.batchId)),
    ];
    if (batchIds.length === 0) return;
    try {
      const completed = await completeBatches(this.dataSource, this.config.directIdleMs, batchIds);
      if (completed.length > 0) this.log.log(`completed: ${completed.join(', ')}`);
    } catch (error) {
      // The sweep decides completion again; failing here would bring a batch of records back for nothing.
      this.log.warn(`completion left to the sweep: ${String(error)}`);
    }
    this.callbacks.wake();
  }
}

/** Claims that nothing can be done about here. */
export interface Leftover {
  /** Their disbursement does not exist (yet). */
  missing: Claim[];
  /** Their record has other money than the row. */
  mismatched: Claim[];
}

interface Round extends Leftover {
  written: Change[];
  again: Claim[];
}

function counterMoves({ standing, to }: Change): CounterMove[] {
  const { batchId, currencyCode, amountMinor, state } = standing;
  if (state === to) return [];
  return [
    { batchId, state, currencyCode, lines: -1, amountMinor: -amountMinor },
    { batchId, state: to, currencyCode, lines: 1, amountMinor },
  ];
}

/** Two claims about one disbursement never share a group: the second must see what the first wrote. */
function inOrderPerDisbursement(claims: readonly Claim[]): Claim[][] {
  const groups: Claim[][] = [];
  const nextGroup = new Map<string, number>();
  for (const claim of claims) {
    const index = nextGroup.get(claim.disbursementId) ?? 0;
    nextGroup.set(claim.disbursementId, index + 1);
    (groups[index] ??= []).push(claim);
  }
  return groups;
}

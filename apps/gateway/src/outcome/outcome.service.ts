import { Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { OUTCOME_CHAINS } from '@gpo/audit';
import { inTransaction, lockClaimsOut, type Sql } from '@gpo/persistence';
import { GatewayConfig } from '../gateway.config.js';
import { CallbackQueue } from '../callback/callback.queue.js';
import { GatewayMetrics } from '../health/gateway.metrics.js';
import {
  endHolds,
  screenHolds,
  storeHolds,
  voidForCancel,
  type ScreenedHolds,
} from '../hold/hold.repository.js';
import { saysTheSame, type RefusedClaim } from './claim.content.js';
import { completeBatches, moveCounters, type CounterMove } from './counters.repository.js';
import { decideAll, inOrderPerDisbursement, type Change, type Claim, type Standing } from './decision.js';
import {
  forgetEnding,
  moveStates,
  readContents,
  readStandings,
  storeRetries,
  voidFirstAttempts,
  writeHistory,
} from './outcome.repository.js';
import { isFinal, type StateEvent } from './states.js';

const SHARDS = OUTCOME_CHAINS;
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
   */
  async apply(claims: readonly Claim[], shard: number): Promise<Applied> {
    const applied: Applied = { missing: [], refused: [] };
    for (const group of inOrderPerDisbursement(claims)) {
      const { missing, refused } = await this.applyGroup(group, shard);
      applied.missing.push(...missing);
      applied.refused.push(...refused);
    }
    return applied;
  }

  /**
   * An operator's decision about one disbursement. Resolves after the commit.
   * @returns whether it was done, with the rows as they are afterwards; undefined where there is no such disbursement.
   */
  async act(claim: Claim): Promise<{ done: boolean; standing: Standing } | undefined> {
    const { written } = await this.applyGroup([claim], 0);
    const standing = (await readStandings(this.dataSource, [claim])).get(claim);
    return standing && { done: written.length > 0, standing };
  }

  /**
   * Decisions about many disbursements, each named once. Resolves after the commit.
   * @returns ids of those that were done.
   */
  async actAll(claims: readonly Claim[]): Promise<string[]> {
    // Counters of their own: writers of outcomes, which count in the first shards, do not wait for a long cancel.
    const { written } = await this.applyGroup(claims, SHARDS - 1);
    return written.map(({ standing }) => standing.disbursementId);
  }

  /**
   * The claim that follows from what an operator decided, in the transaction of the decision. Resolves after the commit.
   * @returns false, and the decision is undone, where the claim does not bring the event.
   */
  async actAfter(decision: (sql: Sql) => Promise<Claim>, event: StateEvent): Promise<boolean> {
    const notFollowed = new Error('the claim did not bring the event');
    const work = async (sql: Sql): Promise<Change[]> => {
      const { written } = await this.round(sql, [await decision(sql)], 0);
      if (written[0]?.event !== event) throw notFollowed;
      return written;
    };
    const written = await inTransaction(this.dataSource, work).catch((error: unknown) => {
      if (error === notFollowed) return [];
      throw error;
    });
    await this.afterCommit(written);
    return written.length > 0;
  }

  private async applyGroup(
    claims: readonly Claim[],
    shard: number,
  ): Promise<Applied & { written: readonly Change[] }> {
    const missing: Claim[] = [];
    const refused: RefusedClaim[] = [];
    let waiting = claims;
    const done: Change[] = [];
    for (let round = 1; waiting.length > 0; round += 1) {
      if (round > ROUNDS_MAX)
        throw new Error(`${waiting.length} disbursements kept changing while being moved`);
      const result = await inTransaction(this.dataSource, (sql) => this.round(sql, waiting, shard));
      missing.push(...result.unknown);
      refused.push(...result.refused);
      done.push(...result.written);
      waiting = result.again;
    }
    await this.afterCommit(done);
    return { missing, refused, written: done };
  }

  private async round(sql: Sql, all: readonly Claim[], shard: number): Promise<Round> {
    const { wanted: claims, refused } = await prepareArbiter(sql, all);
    const standings = await readStandings(sql, claims);
    const unknown = claims.filter((claim) => !standings.has(claim));
    const { changes, outdated } = decideAll(standings);
    if (outdated.length > 0) await forgetEnding(sql, outdated);
    if (changes.length === 0) return { written: [], again: [], unknown, refused };
    const written = await moveStates(sql, changes);
    if (written.length > 0) await this.writeConsequences(sql, written, shard);
    const moved = new Set(written);
    const again = changes.filter((change) => !moved.has(change)).map(({ claim }) => claim);
    return { written, again, unknown, refused };
  }

  /** Everything that a state change brings with it, in the same transaction. */
  private async writeConsequences(sql: Sql, changes: readonly Change[], shard: number): Promise<void> {
    await writeHistory(sql, changes, shard % SHARDS);
    await moveCounters(sql, shard % SHARDS, changes.flatMap(counterMoves));
    const retries = changes.filter(({ event }) => event === 'retry');
    if (retries.length > 0) await storeRetries(sql, retries, this.config.retryTimeScale);
    const held = changes.filter(({ event }) => event === 'hold');
    if (held.length > 0) await storeHolds(sql, held);
    const ended = changes.filter(({ standing }) => standing.state === 'on_hold');
    if (ended.length > 0) await endHolds(sql, ended);
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
    for (const { to, standing } of changes) {
      this.metrics.outcome(to);
      if (standing.state === 'returned' && to === 'succeeded') this.metrics.alarm('settled_after_return');
    }
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

/** What the caller of apply has to look after. */
export interface Applied {
  /** Claims whose disbursement does not exist (yet). */
  missing: Claim[];
  /** Claims that belong in the dead letters. */
  refused: RefusedClaim[];
}

interface Round {
  written: Change[];
  again: Claim[];
  unknown: Claim[];
  refused: RefusedClaim[];
}

/** Rule C: malformed and cancel try to win attempt 1 first; a hold needs that nobody has it, and nobody takes it meanwhile. */
async function prepareArbiter(sql: Sql, claims: readonly Claim[]): Promise<ScreenedHolds> {
  const refused = await voidMalformed(
    sql,
    claims.filter(({ kind }) => kind === 'malformed'),
  );
  const cancels = claims.filter(({ kind }) => kind === 'cancel');
  if (cancels.length > 0)
    await voidForCancel(
      sql,
      cancels.map(({ disbursementId }) => disbursementId),
    );
  const alien = new Set(refused.map(({ claim }) => claim));
  const others = claims.filter((claim) => claim.kind !== 'hold' && !alien.has(claim));
  const holds = claims.filter(({ kind }) => kind === 'hold');
  if (holds.length === 0) return { wanted: others, refused };
  await lockClaimsOut(sql);
  const screened = await screenHolds(sql, holds);
  return { wanted: [...others, ...screened.wanted], refused: [...refused, ...screened.refused] };
}

/** Rules B and C. @returns the claims whose record says something else than the row: they touch nothing. */
async function voidMalformed(sql: Sql, malformed: readonly Claim[]): Promise<RefusedClaim[]> {
  if (malformed.length === 0) return [];
  const stored = await readContents(
    sql,
    malformed.map(({ disbursementId }) => disbursementId),
  );
  const alien = malformed.filter(({ disbursementId, content }) => {
    const row = stored.get(disbursementId);
    return row !== undefined && !saysTheSame(content, row);
  });
  const agreeing = malformed.filter((claim) => !alien.includes(claim));
  await voidFirstAttempts(
    sql,
    agreeing.map(({ disbursementId }) => disbursementId),
  );
  return alien.map((claim) => ({ claim, reason: 'record.content_mismatch' }));
}

function counterMoves({ standing, event, to }: Change): CounterMove[] {
  const { batchId, currencyCode, amountMinor, state } = standing;
  const retried = event === 'retry' && standing.attemptNo === 1 ? 1 : 0;
  if (state === to) return [];
  return [
    { batchId, state, currencyCode, lines: -1, amountMinor: -amountMinor },
    { batchId, state: to, currencyCode, lines: 1, amountMinor, retried },
  ];
}

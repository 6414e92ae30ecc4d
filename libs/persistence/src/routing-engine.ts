import type { DataSource } from 'typeorm';
import { inTransaction, type Sql } from './data-source.js';

/** What runs the scenarios: our own router, or a real Nussknacker. */
export type EngineName = 'embedded' | 'nussknacker';

export interface EngineClaim {
  engine: EngineName;
  /** Who claims, for people: host and process of a router, address of a Designer. */
  instance: string;
}

export interface RoutingEngine extends EngineClaim {
  since: Date;
  /** Routers that are connected and hold the engine now. */
  routers: number;
}

/** Another engine routes here. The message says which, and what to do. */
export class EngineRefused extends Error {
  override readonly name = 'EngineRefused';
}

/** Taken for the length of a transaction by everybody who reads and writes the row. */
const GATE_LOCK = 715_002;
/** Held shared by each running router for as long as it may route, so that nobody switches under it. */
const ROUTER_LOCK = 715_003;

/**
 * Makes this engine the one that routes, or joins it: the first claim wins, replicas of the same engine may follow.
 * Two engines at once would route every record twice.
 * @throws EngineRefused where the other engine is the one.
 */
export async function claimRoutingEngine(dataSource: DataSource, claim: EngineClaim): Promise<void> {
  await inTransaction(dataSource, (sql) => claimInTransaction(sql, claim));
}

/** The same for a router: it also holds the engine until its connection ends. Must run in a transaction. */
export async function claimAndHold(sql: Sql, claim: EngineClaim): Promise<void> {
  await claimInTransaction(sql, claim);
  await sql.query('SELECT pg_advisory_lock_shared($1)', [ROUTER_LOCK]);
}

async function claimInTransaction(sql: Sql, { engine, instance }: EngineClaim): Promise<void> {
  await sql.query('SELECT pg_advisory_xact_lock($1)', [GATE_LOCK]);
  const current = await readRow(sql);
  if (current === undefined) {
    await sql.query('INSERT INTO routing_engine (engine, instance) VALUES ($1, $2)', [engine, instance]);
  } else if (current.engine !== engine) throw new EngineRefused(refusal(engine, current));
}

/**
 * Hands routing over to another engine. Records that the old one did not read yet are read by the new one from its own
 * position; a record routed by both is paid once, because the attempt's primary key decides.
 * @returns false where that engine routes already.
 * @throws EngineRefused while a router still holds the engine.
 */
export async function switchRoutingEngine(dataSource: DataSource, claim: EngineClaim): Promise<boolean> {
  return inTransaction(dataSource, async (sql) => {
    await sql.query('SELECT pg_advisory_xact_lock($1)', [GATE_LOCK]);
    if ((await readRow(sql))?.engine === claim.engine) return false;
    const [row] = await sql.query<{ free: boolean }[]>('SELECT pg_try_advisory_xact_lock($1) AS free', [
      ROUTER_LOCK,
    ]);
    if (row?.free !== true) {
      throw new EngineRefused(
        'A router is running and routes: stop every router process, then switch again. Nothing was changed.',
      );
    }
    await sql.query(
      `INSERT INTO routing_engine (engine, instance) VALUES ($1, $2)
       ON CONFLICT (only_row) DO UPDATE SET engine = $1, instance = $2, since = now()`,
      [claim.engine, claim.instance],
    );
    return true;
  });
}

/** @returns undefined where no engine has routed here yet. */
export async function readRoutingEngine(sql: Sql): Promise<RoutingEngine | undefined> {
  const row = await readRow(sql);
  if (row === undefined) return undefined;
  const [held] = await sql.query<{ routers: number }[]>(
    `SELECT count(*)::int AS routers FROM pg_locks
      WHERE locktype = 'advisory' AND classid = 0 AND objid = $1 AND granted AND mode = 'ShareLock'
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    [ROUTER_LOCK],
  );
  return { ...row, routers: held?.routers ?? 0 };
}

async function readRow(sql: Sql): Promise<(EngineClaim & { since: Date }) | undefined> {
  const [row] = await sql.query<(EngineClaim & { since: Date })[]>(
    'SELECT engine, instance, since FROM routing_engine',
  );
  return row;
}

function refusal(wanted: EngineName, { engine, instance, since }: EngineClaim & { since: Date }): string {
  const stop =
    engine === 'embedded'
      ? 'stop every router process'
      : 'cancel the scenarios in the Designer of Nussknacker';
  return (
    `The engine "${wanted}" may not route here: "${engine}" (${instance}) does since ${since.toISOString()}, ` +
    `and with both every record would be routed twice. To hand over, ${stop}, ` +
    `then run: npm run gpo -- rules engine switch ${wanted}`
  );
}

import { Logger } from '@nestjs/common';
import type { Sql } from '@gpo/persistence';
import type { Trust } from './lane.breaker.js';
import type { Lane } from './lane.registry.js';
import { openLane, postponeProbe, takeProbe } from './lane.state.js';

const PROBE_TIMEOUT_MS = 10_000;
const log = new Logger('lane-probe');

/**
 * Asks the rail of a stopped lane whether the trouble is over, and opens the lane where it is. Held lanes are an
 * operator's. Where the rail had not answered, its health is not enough: one queued attempt is tried (half open), and
 * only its answer opens the lane to the others. @param trial pays one attempt; undefined where none waits.
 */
export async function probeLane(
  sql: Sql,
  { config, connector }: Lane,
  probeMs: number,
  trial: () => Promise<Trust | undefined>,
): Promise<void> {
  const kind = await takeProbe(sql, config.id, probeMs);
  if (kind === undefined) return;
  try {
    await connector.health({ timeoutMs: PROBE_TIMEOUT_MS, beforeSend: () => undefined });
  } catch (error) {
    log.debug(`${config.id} stays stopped: ${String(error)}`);
    return;
  }
  const trust = kind === 'no_answer' ? await trial() : 'answered';
  if (trust === 'silent' || trust === 'nothing') {
    await postponeProbe(sql, config.id, probeMs);
    log.warn(`${config.id} stays stopped: its rail did not answer a trial`);
    return;
  }
  // Untried: the next silence stops it again.
  const silences = trust === undefined ? config.breakerAfter - 1 : 0;
  if (await openLane(sql, config.id, silences)) log.log(`${config.id} is open again`);
}

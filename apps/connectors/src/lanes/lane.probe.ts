import { Logger } from '@nestjs/common';
import type { Sql } from '@gpo/persistence';
import type { LaneRegistry } from './lane.registry.js';

const PROBE_TIMEOUT_MS = 10_000;
const log = new Logger('lane-probe');

/** Asks the rails of stopped lanes whether the trouble is over, and opens the lanes where it is. Held lanes are an operator's. */
export async function probeStoppedLanes(sql: Sql, lanes: LaneRegistry, probeMs: number): Promise<boolean> {
  const [due] = await sql.query<[{ lane: string }[], number]>(
    `UPDATE lane SET probe_at = now() + $2 * interval '1 millisecond'
      WHERE state = 'stopped' AND probe_at <= now() AND lane = ANY($1) RETURNING lane`,
    [lanes.all().map(({ config }) => config.id), probeMs],
  );
  for (const { lane } of due) {
    try {
      await lanes.get(lane)!.connector.health({ timeoutMs: PROBE_TIMEOUT_MS, beforeSend: () => undefined });
    } catch (error) {
      log.debug(`${lane} stays stopped: ${String(error)}`);
      continue;
    }
    await sql.query(
      `UPDATE lane SET state = 'open', reason = NULL, probe_at = NULL, changed_at = now(), changed_by = 'probe'
        WHERE lane = $1 AND state = 'stopped'`,
      [lane],
    );
    log.log(`${lane} is open again`);
  }
  return false;
}

import { Injectable } from '@nestjs/common';
import type { HostedLane } from '@gpo/lanes';
import { RESTORED, type Sql } from '@gpo/persistence';
import { CONNECTORS } from '../connector-registry.js';
import type { ConnectorManifest, RailConnector } from '../connector.js';
import { ConnectorsConfig } from '../connectors.config.js';
import { readLanes, type LaneConfig } from './lane-config.js';
import { PayeeHandleRepository } from './payee-handle.repository.js';

export interface Lane {
  config: LaneConfig;
  connector: RailConnector;
}

/** The lanes this process hosts. */
@Injectable()
export class LaneRegistry {
  private readonly lanes: ReadonlyMap<string, Lane>;

  constructor(lanes: readonly Lane[]) {
    this.lanes = new Map(lanes.map((lane) => [lane.config.id, lane]));
  }

  static fromConfig(config: ConnectorsConfig, sql: Sql): LaneRegistry {
    const lanes = readLanes(config.lanesFile, Object.keys(CONNECTORS)).map((lane): Lane => {
      // With no time left between take and deadline nothing would ever be sent.
      if (lane.leaseMs <= 2 * config.leaseMarginMs)
        throw new Error(`Lane "${lane.id}" needs leaseMs above twice LEASE_MARGIN_MS.`);
      const callbackUrl = `${config.publicUrl}/callbacks/${lane.id}`;
      const connector = CONNECTORS[lane.connector]!({
        laneId: lane.id,
        settings: lane.settings,
        callbackUrl,
        handles: new PayeeHandleRepository(sql, lane.id),
        sql,
      });
      return { config: lane, connector };
    });
    return new LaneRegistry(lanes);
  }

  all(): Lane[] {
    return [...this.lanes.values()];
  }

  get(id: string): Lane | undefined {
    return this.lanes.get(id);
  }

  manifest(id: string): ConnectorManifest | undefined {
    return this.lanes.get(id)?.connector.manifest;
  }

  async close(): Promise<void> {
    await Promise.all(this.all().map(({ connector }) => connector.close()));
  }
}

/** Makes a row for each lane that has none. New lanes start open; after a restore they may be new to the backup only, and start held. */
export async function registerLanes(sql: Sql, lanes: readonly string[]): Promise<void> {
  await sql.query(
    `INSERT INTO lane (lane, state, reason)
     SELECT u.lane, CASE WHEN restored.sent_to IS NULL THEN 'open' ELSE 'held' END,
            CASE WHEN restored.sent_to IS NOT NULL THEN 'restored from a backup that does not know this lane' END
       FROM unnest($1::text[]) AS u (lane), (${RESTORED}) restored
     ON CONFLICT DO NOTHING`,
    [lanes],
  );
}

function describe({ config, connector }: Lane): HostedLane {
  return {
    connector: config.connector,
    absent_is_final_after_ms: connector.manifest.absentIsFinalAfterMs,
    concurrency: config.concurrency,
    per_second: config.perSecond,
    in_flight: config.inFlight ?? null,
    batch_size: config.batchSize ?? null,
    breaker_after: config.breakerAfter,
    window: config.window ?? null,
  };
}

/** Says what the lanes are; the last process that started is believed. Operators read it, and rule L needs it. */
export async function describeLanes(sql: Sql, lanes: readonly Lane[]): Promise<void> {
  await sql.query(
    `UPDATE lane l SET hosted = u.hosted::jsonb
       FROM unnest($1::text[], $2::text[]) AS u(lane, hosted) WHERE l.lane = u.lane`,
    [lanes.map(({ config }) => config.id), lanes.map((lane) => JSON.stringify(describe(lane)))],
  );
}

/** Keeps which account each payer is paid from, where that is not what was kept last: reconciliation judges a payment by its time. */
export async function keepAccounts(
  sql: Sql,
  lanes: readonly {
    config: Pick<LaneConfig, 'id'>;
    connector: { manifest: Pick<ConnectorManifest, 'payerAccounts'> };
  }[],
): Promise<void> {
  const known = lanes.flatMap(({ config, connector }) => {
    const { payerAccounts } = connector.manifest;
    return payerAccounts === undefined ? [] : [{ lane: config.id, accounts: JSON.stringify(payerAccounts) }];
  });
  await sql.query(
    `INSERT INTO lane_account (lane, accounts)
     SELECT u.lane, u.accounts::jsonb FROM unnest($1::text[], $2::text[]) AS u (lane, accounts)
      WHERE u.accounts::jsonb IS DISTINCT FROM
            (SELECT l.accounts FROM lane_account l WHERE l.lane = u.lane ORDER BY l.since DESC LIMIT 1)
     ON CONFLICT DO NOTHING`,
    [known.map(({ lane }) => lane), known.map(({ accounts }) => accounts)],
  );
}

const SEEN_EVERY_SECONDS = 10;

/** Says that a process hosts these lanes; the watchdog calls an operator for attempts on a lane that nobody hosts. */
export async function markHosted(sql: Sql, lanes: readonly string[]): Promise<void> {
  await sql.query(
    `UPDATE lane SET seen_at = now()
      WHERE lane = ANY($1) AND seen_at < now() - interval '${SEEN_EVERY_SECONDS} seconds'`,
    [lanes],
  );
}

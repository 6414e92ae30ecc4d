import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { RecordProducer, TOPICS, type OutRecord } from '@gpo/messaging';
import { Poller, inTransaction, type Sql } from '@gpo/persistence';
import { CrashPoints } from '../health/crash-points.js';

const IDLE_MS = 500;

/** A hold that ended by release: the record as it was routed, and its lane. */
export interface ReleasedHold {
  disbursement_id: string;
  lane: string;
  record: string;
}

/**
 * Publishes what operators released to g2p.filtered-requests. Rows first, then Kafka, then the mark: a crash in
 * between publishes a record again, and attempt 1 can be inserted only once.
 */
@Injectable()
export class ReleasePublisher implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly poller = new Poller({
    name: 'release',
    idleMs: IDLE_MS,
    work: () => this.publishReleased(),
  });

  constructor(
    private readonly dataSource: DataSource,
    private readonly producer: RecordProducer,
    private readonly crashPoints: CrashPoints,
  ) {}

  onApplicationBootstrap(): void {
    this.poller.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.poller.stop();
  }

  /** A release was committed. */
  wake(): void {
    this.poller.wake();
  }

  private publishReleased(): Promise<boolean> {
    return inTransaction(this.dataSource, async (sql: Sql) => {
      const released = await sql.query<(ReleasedHold & { wanted: boolean })[]>(
        `SELECT h.disbursement_id, h.lane, h.record, d.state = 'received' AS wanted
           FROM hold h JOIN disbursement d USING (disbursement_id)
          WHERE h.released_at IS NOT NULL AND h.published_at IS NULL
          ORDER BY h.released_at LIMIT 500 FOR UPDATE OF h SKIP LOCKED`,
      );
      if (released.length === 0) return false;
      this.crashPoints.reached('release.before-send');
      // It may have been cancelled right after the release.
      const wanted = released.filter((hold) => hold.wanted);
      await this.producer.send(TOPICS.filteredRequests.name, wanted.map(releaseRecord));
      this.crashPoints.reached('release.after-send');
      await sql.query('UPDATE hold SET published_at = now() WHERE disbursement_id = ANY($1)', [
        released.map(({ disbursement_id }) => disbursement_id),
      ]);
      return true;
    });
  }
}

/** The filtered request of a released hold: the stored record without the words of the hold. */
export function releaseRecord({ disbursement_id, lane, record }: ReleasedHold): OutRecord {
  const request = { ...(JSON.parse(record) as Record<string, unknown>), lane, attempt: 1 };
  return { key: disbursement_id, value: JSON.stringify({ ...request, hold_reason: undefined }) };
}

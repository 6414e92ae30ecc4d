import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { headJson, type Head, type HeadRecord } from '@gpo/audit';
import { RecordProducer, TOPICS } from '@gpo/messaging';
import { Poller, inTransaction, type Sql } from '@gpo/persistence';
import { GatewayConfig } from '../gateway.config.js';

/**
 * Publishes the heads of the audit chain to g2p.audit, out of reach of whoever may change the database: a chain that is
 * recomputed afterwards no longer fits them. What is younger than the last publication has no such witness yet.
 * Several gateways take turns; what was sent twice is the same twice.
 */
@Injectable()
export class HeadPublisher implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly poller: Poller;

  constructor(
    private readonly dataSource: DataSource,
    private readonly producer: RecordProducer,
    config: GatewayConfig,
  ) {
    this.poller = new Poller({ name: 'audit', idleMs: config.auditPublishMs, work: () => this.publish() });
  }

  onApplicationBootstrap(): void {
    this.poller.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.poller.stop();
  }

  /** @returns false: the next look is due after the interval, however much there was. */
  async publish(): Promise<boolean> {
    await inTransaction(this.dataSource, async (sql: Sql) => {
      const mine = await sql.query<unknown[]>('SELECT chain FROM audit_publication FOR UPDATE SKIP LOCKED');
      if (mine.length === 0) return;
      const moved = await sql.query<(Omit<Head, 'link'> & { link: string })[]>(
        `SELECT h.chain, h.link::text AS link, h.hash FROM audit_publication p JOIN audit_head h USING (chain)
          WHERE h.link <> p.link ORDER BY h.chain`,
      );
      if (moved.length === 0) return;
      const heads = moved.map(({ link, ...head }) => headJson({ ...head, link: Number(link) }));
      const record: HeadRecord = { format: 1, at: new Date().toISOString(), heads };
      await this.producer.send(TOPICS.audit.name, [{ key: 'heads', value: JSON.stringify(record) }]);
      await sql.query(
        `UPDATE audit_publication p SET link = u.link FROM unnest($1::smallint[], $2::bigint[]) AS u (chain, link)
          WHERE p.chain = u.chain`,
        [heads.map(({ chain }) => chain), heads.map(({ link }) => link)],
      );
    });
    return false;
  }
}

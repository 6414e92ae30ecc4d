import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { RecordProducer, TOPICS, type OutRecord } from '@gpo/messaging';
import { Poller, inTransaction } from '@gpo/persistence';
import { requestRecord, requestValue } from '../dispatch/request.message.js';
import { StoredMark } from '../dispatch/stored-mark.js';
import { GatewayConfig } from '../gateway.config.js';
import { GatewayMetrics } from '../health/gateway.metrics.js';
import { releaseRecord } from '../hold/release.publisher.js';
import { retryRecord } from '../retry/retry.publisher.js';
import {
  STUCK_MAX,
  countPublished,
  giveToOperator,
  publishAgain,
  reportUnhosted,
  sharesOf,
  takeStuck,
  takeUntold,
  type StuckLine,
  type UntoldOutcome,
} from './watchdog.repository.js';

const TIMES_MAX = 3;

/**
 * Rule N: Postgres is the record, Kafka only the bus. Whatever a lost record, a deleted topic or a dropped message
 * left behind is published again from the rows; after three times an operator is called.
 */
@Injectable()
export class Watchdog implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly log = new Logger('watchdog');
  private readonly poller: Poller;
  private turn = 0;

  constructor(
    private readonly dataSource: DataSource,
    private readonly producer: RecordProducer,
    private readonly config: GatewayConfig,
    private readonly metrics: GatewayMetrics,
    private readonly mark: StoredMark,
  ) {
    this.poller = new Poller({
      name: 'watchdog',
      idleMs: config.watchdogIntervalMs,
      work: () => this.look(),
    });
  }

  onApplicationBootstrap(): void {
    this.poller.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.poller.stop();
  }

  private async look(): Promise<boolean> {
    const { watchdogStuckMs, watchdogIntervalMs } = this.config;
    const of = await sharesOf(this.dataSource, watchdogStuckMs, watchdogIntervalMs);
    const stuck = await takeStuck(this.dataSource, watchdogStuckMs, { of, turn: this.turn });
    const untold = await takeUntold(this.dataSource, watchdogStuckMs);
    if (stuck.length + untold.length > 0) await this.help(stuck, untold);
    if ((await reportUnhosted(this.dataSource, watchdogStuckMs)) > 0) this.metrics.alarm('lane_unhosted');
    const isMore = stuck.length === STUCK_MAX || untold.length === STUCK_MAX;
    if (!isMore) this.turn += 1;
    return isMore;
  }

  private async help(stuck: readonly StuckLine[], untold: readonly UntoldOutcome[]): Promise<void> {
    const fresh = ({ times }: { times: number }): boolean => times < TIMES_MAX;
    const [again, over] = split(stuck, fresh);
    const [tellAgain, neverTold] = split(untold, fresh);
    this.log.warn(
      `${stuck.length + untold.length} rows made no progress: ${again.length + tellAgain.length} published again, ` +
        `${over.length + neverTold.length} to an operator`,
    );
    await this.republish(again);
    if (tellAgain.length > 0) await publishAgain(this.dataSource, tellAgain);
    await countPublished(
      this.dataSource,
      [...again, ...tellAgain].map(({ disbursement_id }) => disbursement_id),
    );
    if (over.length + neverTold.length === 0) return;
    this.metrics.alarm('stuck');
    await inTransaction(this.dataSource, (sql) => giveToOperator(sql, [...over, ...neverTold]));
  }

  private async republish(stuck: readonly StuckLine[]): Promise<void> {
    const outcomes = stuck.filter(({ attempt_state }) => attempt_state !== null && attempt_state !== 'void');
    if (outcomes.length > 0) await publishAgain(this.dataSource, outcomes);
    const rest = stuck.filter(({ attempt_state }) => attempt_state === null || attempt_state === 'void');
    const [requests, filtered] = split(
      rest,
      ({ state, released_record }) => state === 'received' && released_record === null,
    );
    await this.producer.send(
      TOPICS.request.name,
      requests.map((line) => requestRecord(line, this.mark.headers)),
    );
    await this.producer.send(TOPICS.filteredRequests.name, filtered.map(filteredAgain));
  }
}

/** A released request, or a decided retry, whose message got lost is made again from the rows, on the lane it had. */
function filteredAgain(stuck: StuckLine): OutRecord {
  const { released_lane, released_record } = stuck;
  if (stuck.state === 'received' && released_lane !== null && released_record !== null)
    return releaseRecord({
      disbursement_id: stuck.disbursement_id,
      lane: released_lane,
      record: released_record,
    });
  const { disbursement_id, attempt_no, retry_lane, before_lane } = stuck;
  const record = stuck.retry_record ?? (JSON.parse(requestValue(stuck)) as Record<string, unknown>);
  return retryRecord({ disbursement_id, attempt_no, lane: retry_lane ?? before_lane ?? '', record });
}

function split<T>(items: readonly T[], test: (item: T) => boolean): [T[], T[]] {
  return [items.filter(test), items.filter((item) => !test(item))];
}

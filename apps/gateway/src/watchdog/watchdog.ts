import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { RecordProducer, TOPICS, type OutRecord } from '@gpo/messaging';
import { Poller, inTransaction, restAfter } from '@gpo/persistence';
import { requestRecord, requestValue } from '../dispatch/request.message.js';
import { StoredMark } from '../dispatch/stored-mark.js';
import { GatewayConfig } from '../gateway.config.js';
import { GatewayMetrics } from '../health/gateway.metrics.js';
import { releaseRecord } from '../hold/release.publisher.js';
import { retryRecord } from '../retry/retry.publisher.js';
import {
  countPublished,
  giveToOperator,
  publishAgain,
  reportUnhosted,
  takeStuck,
  takeUntold,
  type StuckLine,
} from './watchdog.repository.js';
import {
  ALL_LINES,
  ALL_OUTCOMES,
  endOfOutcomes,
  nextLines,
  type LinePlace,
  type Span,
} from './watchdog.steps.js';

const TIMES_MAX = 3;

/** What is published again, and how often it was without effect. */
type Published = Pick<StuckLine, 'disbursement_id' | 'attempt_no' | 'times'>;

/**
 * Rule N: Postgres is the record, Kafka only the bus. Whatever a lost record, a deleted topic or a dropped message
 * left behind is published again from the rows; after three times an operator is called. A round goes over the lines of
 * open batches, then over the outcomes that came after another, in small steps.
 */
@Injectable()
export class Watchdog implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly log = new Logger('watchdog');
  private readonly poller: Poller;
  /** Behind which line the next step begins; undefined = the lines of this round are done. */
  private line: LinePlace | undefined = ALL_LINES.after;
  /** Behind which outcome the next step begins, once the lines are done. */
  private outcome = ALL_OUTCOMES.after;

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
      work: () => this.step(),
    });
  }

  onApplicationBootstrap(): void {
    this.poller.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.poller.stop();
  }

  /** @returns false at the end of a round; how long to rest, in milliseconds, after a step that found nothing. */
  private async step(): Promise<boolean | number> {
    const started = performance.now();
    const found = this.line === undefined ? await this.lookAtOutcomes() : await this.lookAtLines(this.line);
    if (this.line === ALL_LINES.after) return false;
    return found > 0 ? true : restAfter(started);
  }

  private async lookAtLines(after: LinePlace): Promise<number> {
    const { watchdogStuckMs } = this.config;
    const { end, isWorth } = await nextLines(this.dataSource, watchdogStuckMs, after);
    const found = isWorth ? await this.lookCloser({ after, to: end ?? ALL_LINES.to }) : 0;
    this.line = end;
    return found;
  }

  private async lookCloser(span: Span<LinePlace>): Promise<number> {
    const { watchdogStuckMs } = this.config;
    const stuck = await takeStuck(this.dataSource, watchdogStuckMs, span);
    if (stuck.length > 0) await this.help(stuck, (again) => this.republish(again));
    if ((await reportUnhosted(this.dataSource, watchdogStuckMs, span)) > 0)
      this.metrics.alarm('lane_unhosted');
    return stuck.length;
  }

  private async lookAtOutcomes(): Promise<number> {
    const { watchdogStuckMs } = this.config;
    const end = await endOfOutcomes(this.dataSource, watchdogStuckMs, this.outcome);
    const span = { after: this.outcome, to: end ?? ALL_OUTCOMES.to };
    const untold = await takeUntold(this.dataSource, watchdogStuckMs, span);
    if (untold.length > 0) await this.help(untold, (again) => publishAgain(this.dataSource, again));
    this.outcome = end ?? ALL_OUTCOMES.after;
    if (end === undefined) this.line = ALL_LINES.after;
    return untold.length;
  }

  private async help<Row extends Published>(
    rows: readonly Row[],
    publish: (again: Row[]) => Promise<void>,
  ): Promise<void> {
    const [again, over] = split(rows, ({ times }) => times < TIMES_MAX);
    this.log.warn(
      `${rows.length} rows made no progress: ${again.length} published again, ${over.length} to an operator`,
    );
    if (again.length > 0) await publish(again);
    await countPublished(
      this.dataSource,
      again.map(({ disbursement_id }) => disbursement_id),
    );
    if (over.length === 0) return;
    this.metrics.alarm('stuck');
    await inTransaction(this.dataSource, (sql) => giveToOperator(sql, over));
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

import { Controller, Get, Header, Logger, ServiceUnavailableException } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { KafkaBatchStrategy, measureLag } from '@gpo/messaging';
import { countLetters } from '../dead-letters/dead-letter.repository.js';
import { countUnresolved } from '../mapper/resolve.repository.js';
import { GatewayMetrics } from './gateway.metrics.js';
import { countStuck, readLaneGauges } from './gauge.repository.js';
import { countReviews } from '../review/review.reader.js';

/** Liveness, readiness and metrics of the gateway. */
@ApiTags('operations')
@Controller()
export class HealthController {
  private readonly log = new Logger('health');

  constructor(
    private readonly dataSource: DataSource,
    private readonly strategy: KafkaBatchStrategy,
    private readonly metrics: GatewayMetrics,
  ) {
    measureLag(metrics.registry, strategy);
  }

  @Get('health/live')
  @ApiOperation({ summary: 'The process runs.' })
  @ApiOkResponse({ schema: { type: 'object', properties: { status: { type: 'string' } } } })
  live(): { status: string } {
    return { status: 'live' };
  }

  @Get('health/ready')
  @ApiOperation({ summary: 'PostgreSQL answers and the Kafka consumer has its place; else 503.' })
  @ApiOkResponse({ schema: { type: 'object', properties: { status: { type: 'string' } } } })
  async ready(): Promise<{ status: string }> {
    if (!this.strategy.isJoined) throw new ServiceUnavailableException('not yet in the consumer group');
    await this.dataSource.query('SELECT 1');
    return { status: 'ready' };
  }

  @Get('metrics')
  @Header('Content-Type', 'text/plain; version=0.0.4')
  @ApiOperation({ summary: 'Prometheus metrics.' })
  @ApiOkResponse({ content: { 'text/plain': { schema: { type: 'string' } } } })
  async prometheus(): Promise<string> {
    try {
      await this.readGauges();
      this.metrics.recordReachable.set(1);
    } catch (error) {
      // A scrape must not fail just when an operator needs it.
      this.metrics.recordReachable.set(0);
      this.log.warn(`metrics without figures from PostgreSQL: ${String(error)}`);
    }
    return this.metrics.registry.metrics();
  }

  private async readGauges(): Promise<void> {
    const [row] = await this.dataSource.query<{ open: string; held: string; oldest: string }[]>(
      `SELECT (SELECT count(*) FROM batch WHERE completed_at IS NULL) AS open, count(*) AS held,
              coalesce(extract(epoch FROM now() - min(held_at)), 0) AS oldest
         FROM hold WHERE ended_at IS NULL`,
    );
    this.metrics.openBatches.set(Number(row?.open ?? 0));
    this.metrics.openDeadLetters(await countLetters(this.dataSource, { state: 'open' }));
    this.metrics.onHold.set(Number(row?.held ?? 0));
    this.metrics.onHoldOldest.set(Number(row?.oldest ?? 0));
    const reviews = await countReviews(this.dataSource);
    this.metrics.reviews.set(reviews.waiting);
    this.metrics.reviewOldest.set(reviews.oldestSeconds);
    const unresolved = await countUnresolved(this.dataSource);
    this.metrics.unresolved.set(unresolved.waiting);
    this.metrics.unresolvedOldest.set(unresolved.oldestSeconds);
    const [calls] = await this.dataSource.query<{ failed: number; oldest: string }[]>(
      `SELECT (SELECT count(*)::int FROM callback WHERE failed_at IS NOT NULL) AS failed,
              (SELECT coalesce(extract(epoch FROM now() - min(created_at)), 0) FROM callback
                WHERE next_at IS NOT NULL) AS oldest`,
    );
    this.metrics.callbacksFailed.set(calls?.failed ?? 0);
    this.metrics.callbackOldest.set(Number(calls?.oldest ?? 0));
    this.metrics.lanes(await readLaneGauges(this.dataSource));
    this.metrics.stuck.set(await countStuck(this.dataSource));
    this.metrics.incidentCounts(
      await this.dataSource.query('SELECT kind, count(*)::int AS incidents FROM incident GROUP BY kind'),
    );
  }
}

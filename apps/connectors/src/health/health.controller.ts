import { Controller, Get, Header, ServiceUnavailableException } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { KafkaBatchStrategy, measureLag } from '@gpo/messaging';
import { ConnectorsMetrics } from './connectors.metrics.js';

/** Liveness, readiness and metrics of the connectors. */
@Controller()
export class HealthController {
  constructor(
    private readonly dataSource: DataSource,
    private readonly strategy: KafkaBatchStrategy,
    private readonly metrics: ConnectorsMetrics,
  ) {
    measureLag(metrics.registry, strategy);
  }

  @Get('health/live')
  live(): { status: string } {
    return { status: 'live' };
  }

  /** Ready when PostgreSQL answers and the consumer has its place in the group. */
  @Get('health/ready')
  async ready(): Promise<{ status: string }> {
    if (!this.strategy.isJoined) throw new ServiceUnavailableException('not yet in the consumer group');
    await this.dataSource.query('SELECT 1').catch((error: unknown) => {
      throw new ServiceUnavailableException('PostgreSQL does not answer', { cause: error });
    });
    return { status: 'ready' };
  }

  @Get('metrics')
  @Header('Content-Type', 'text/plain; version=0.0.4')
  async prometheus(): Promise<string> {
    return this.metrics.registry.metrics();
  }
}

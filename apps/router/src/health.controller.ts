import { Controller, Get, Header, ServiceUnavailableException } from '@nestjs/common';
import { KafkaBatchStrategy, measureLag } from '@gpo/messaging';
import { RoutingEngineHold } from '@gpo/persistence';
import { RouterMetrics } from './router.metrics.js';
import { ScenarioRegistry } from './scenario.registry.js';

/** What runs, since when, and which files were not taken over. */
export interface RouterDetail {
  engine_held: boolean;
  in_consumer_group: boolean;
  scenarios: { scenario: string; version: string; file: string; source_topic: string; active_from: string }[];
  /** Files whose present content does not run, and why. */
  refused: { file: string; sentence: string; since: string }[];
}

/** Liveness, readiness, detail and metrics of the router. */
@Controller()
export class HealthController {
  constructor(
    private readonly strategy: KafkaBatchStrategy,
    private readonly hold: RoutingEngineHold,
    private readonly registry: ScenarioRegistry,
    private readonly metrics: RouterMetrics,
  ) {
    measureLag(metrics.registry, strategy);
  }

  @Get('health/live')
  live(): { status: string } {
    return { status: 'live' };
  }

  /** Ready when it holds the routing engine and has its place in the consumer group. */
  @Get('health/ready')
  ready(): { status: string } {
    if (!this.hold.isHeld) throw new ServiceUnavailableException('the routing engine is not held');
    if (!this.strategy.isJoined) throw new ServiceUnavailableException('not yet in the consumer group');
    return { status: 'ready' };
  }

  @Get('health/detail')
  detail(): RouterDetail {
    return {
      engine_held: this.hold.isHeld,
      in_consumer_group: this.strategy.isJoined,
      scenarios: this.registry.active().map(({ identity, file, activeFrom }) => ({
        scenario: identity.scenario,
        version: identity.version,
        file,
        source_topic: identity.sourceTopic,
        active_from: activeFrom.toISOString(),
      })),
      refused: this.registry
        .refused()
        .map(({ file, sentence, since }) => ({ file, sentence, since: since.toISOString() })),
    };
  }

  @Get('metrics')
  @Header('Content-Type', 'text/plain; version=0.0.4')
  prometheus(): Promise<string> {
    return this.metrics.registry.metrics();
  }
}

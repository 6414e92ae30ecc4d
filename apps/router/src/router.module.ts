import { Module, type DynamicModule } from '@nestjs/common';
import { KafkaBatchStrategy } from '@gpo/messaging';
import { RoutingEngineHold } from '@gpo/persistence';
import { HealthController } from './health.controller.js';
import { RouterMetrics } from './router.metrics.js';
import { ScenarioRegistry } from './scenario.registry.js';

/** What main has opened before Nest starts. */
export interface RouterParts {
  strategy: KafkaBatchStrategy;
  hold: RoutingEngineHold;
  registry: ScenarioRegistry;
  metrics: RouterMetrics;
}

/** The route step: runs the scenario files where no Nussknacker does. */
@Module({})
export class RouterModule {
  static with({ strategy, hold, registry, metrics }: RouterParts): DynamicModule {
    return {
      module: RouterModule,
      controllers: [HealthController],
      providers: [
        { provide: KafkaBatchStrategy, useValue: strategy },
        { provide: RoutingEngineHold, useValue: hold },
        { provide: ScenarioRegistry, useValue: registry },
        { provide: RouterMetrics, useValue: metrics },
      ],
    };
  }
}

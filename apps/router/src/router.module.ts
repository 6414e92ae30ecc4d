import { Controller, Get, Module, ServiceUnavailableException, type DynamicModule } from '@nestjs/common';
import { KafkaBatchStrategy } from '@gpo/messaging';

@Controller('health')
export class HealthController {
  constructor(private readonly strategy: KafkaBatchStrategy) {}

  @Get('live')
  live(): { status: string } {
    return { status: 'live' };
  }

  /** Ready when the consumer has its place in the group. */
  @Get('ready')
  ready(): { status: string } {
    if (!this.strategy.isJoined) throw new ServiceUnavailableException('not yet in the consumer group');
    return { status: 'ready' };
  }
}

/** The route step: runs the scenario files where no Nussknacker does. */
@Module({})
export class RouterModule {
  static with(strategy: KafkaBatchStrategy): DynamicModule {
    return {
      module: RouterModule,
      controllers: [HealthController],
      providers: [{ provide: KafkaBatchStrategy, useValue: strategy }],
    };
  }
}

import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { DataSource } from 'typeorm';
import { DeadLetters, KafkaBatchStrategy, RecordProducer } from '@gpo/messaging';
import { OutboundHttp } from '@gpo/outbound-http';
import { ApiErrorFilter } from './api-error.filter.js';
import { CallbackBuilder } from './callback/callback.builder.js';
import { CallbackQueue } from './callback/callback.queue.js';
import { CallbackSender } from './callback/callback.sender.js';
import { DispatchPublisher } from './dispatch/dispatch.publisher.js';
import { GatewayConfig } from './gateway.config.js';
import { CrashPoints } from './health/crash-points.js';
import { GatewayMetrics } from './health/gateway.metrics.js';
import { HealthController } from './health/health.controller.js';
import { DirectRequestConsumer } from './intake/direct-request.consumer.js';
import { DisburseController } from './intake/disburse.controller.js';
import { DisburseService } from './intake/disburse.service.js';
import { IntakeService } from './intake/intake.service.js';
import { OutcomeConsumer } from './outcome/outcome.consumer.js';
import { OutcomeService } from './outcome/outcome.service.js';
import { RetryPublisher } from './retry/retry.publisher.js';
import { SenderRegistry } from './senders/sender-registry.js';
import { BatchController } from './status/batch.controller.js';
import { SearchController } from './status/search.controller.js';
import { SearchService } from './status/search.service.js';
import { TxnStatusController } from './status/txn-status.controller.js';
import { TxnStatusService } from './status/txn-status.service.js';
import { Watchdog } from './watchdog/watchdog.js';

/** What main has opened before Nest starts. */
export interface GatewayParts {
  config: GatewayConfig;
  dataSource: DataSource;
  producer: RecordProducer;
  strategy: KafkaBatchStrategy;
  senders: SenderRegistry;
  http: OutboundHttp;
}

/** Intake, dispatch, outcome, retry, callback and status, in the order of the path. */
@Module({})
export class GatewayModule {
  static with(parts: GatewayParts): DynamicModule {
    return {
      module: GatewayModule,
      controllers: [
        DisburseController,
        // Reading g2p.request costs a hop for every disbursement, so only where somebody may write there.
        ...(parts.senders.hasDirectSenders ? [DirectRequestConsumer] : []),
        OutcomeConsumer,
        TxnStatusController,
        SearchController,
        BatchController,
        HealthController,
      ],
      providers: [
        { provide: APP_FILTER, useClass: ApiErrorFilter },
        { provide: GatewayConfig, useValue: parts.config },
        { provide: DataSource, useValue: parts.dataSource },
        { provide: RecordProducer, useValue: parts.producer },
        { provide: KafkaBatchStrategy, useValue: parts.strategy },
        { provide: SenderRegistry, useValue: parts.senders },
        { provide: OutboundHttp, useValue: parts.http },
        { provide: DeadLetters, useFactory: () => new DeadLetters(parts.producer) },
        DisburseService,
        IntakeService,
        DispatchPublisher,
        OutcomeService,
        RetryPublisher,
        CallbackQueue,
        CallbackBuilder,
        CallbackSender,
        TxnStatusService,
        SearchService,
        Watchdog,
        CrashPoints,
        GatewayMetrics,
      ],
    };
  }
}

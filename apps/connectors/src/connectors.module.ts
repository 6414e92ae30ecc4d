import { Module, type DynamicModule } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { DeadLetters, KafkaBatchStrategy, RecordProducer } from '@gpo/messaging';
import { AnswerCollector } from './connect/answer.collector.js';
import { AttemptSignal } from './connect/attempt.signal.js';
import { ClaimService } from './connect/claim.service.js';
import { InboundController } from './connect/inbound.controller.js';
import { LaneWorkers } from './connect/lane.workers.js';
import { OutcomePublisher } from './connect/outcome.publisher.js';
import { OutcomeWriter } from './connect/outcome.writer.js';
import { RequestConsumer } from './connect/request.consumer.js';
import { UnknownResolver } from './connect/unknown.resolver.js';
import { WakeBuffer } from './connect/wake.buffer.js';
import { ConnectorsConfig } from './connectors.config.js';
import { CrashPoints } from './crash-points.js';
import { ConnectorsMetrics } from './health/connectors.metrics.js';
import { HealthController } from './health/health.controller.js';
import { LaneRegistry } from './lanes/lane.registry.js';

/** What main has opened before Nest starts. */
export interface ConnectorsParts {
  config: ConnectorsConfig;
  dataSource: DataSource;
  producer: RecordProducer;
  strategy: KafkaBatchStrategy;
  lanes: LaneRegistry;
}

/** The connect step: filtered request -> attempt -> rail -> response. */
@Module({})
export class ConnectorsModule {
  static with(parts: ConnectorsParts): DynamicModule {
    return {
      module: ConnectorsModule,
      controllers: [RequestConsumer, InboundController, HealthController],
      providers: [
        { provide: ConnectorsConfig, useValue: parts.config },
        { provide: DataSource, useValue: parts.dataSource },
        { provide: RecordProducer, useValue: parts.producer },
        { provide: KafkaBatchStrategy, useValue: parts.strategy },
        { provide: LaneRegistry, useValue: parts.lanes },
        { provide: DeadLetters, useFactory: () => new DeadLetters(parts.producer) },
        AnswerCollector,
        AttemptSignal,
        ClaimService,
        ConnectorsMetrics,
        CrashPoints,
        LaneWorkers,
        OutcomePublisher,
        OutcomeWriter,
        UnknownResolver,
        WakeBuffer,
      ],
    };
  }
}

import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { DataSource } from 'typeorm';
import { DeadLetters, KafkaBatchStrategy, RecordProducer } from '@gpo/messaging';
import { OutboundHttp } from '@gpo/outbound-http';
import { ReadPool } from '@gpo/persistence';
import { ApiErrorFilter } from './api-error.filter.js';
import { HeadPublisher } from './audit/head.publisher.js';
import { AnswerBuilder } from './callback/answer.builder.js';
import { BridgeCancelService } from './bridge/bridge.cancel.js';
import { BridgeController } from './bridge/bridge.controller.js';
import { BridgeService } from './bridge/bridge.service.js';
import { BridgeStatements } from './bridge/bridge.statements.js';
import { CallbackBuilder } from './callback/callback.builder.js';
import { CallbackController } from './callback/callback.controller.js';
import { CallbackQueue } from './callback/callback.queue.js';
import { CallbackResender } from './callback/callback.resender.js';
import { CallbackSender } from './callback/callback.sender.js';
import { CloseOutController } from './close-out/close-out.controller.js';
import { CloseOutService } from './close-out/close-out.service.js';
import { DeadLetterConsumer } from './dead-letters/dead-letter.consumer.js';
import { DispatchPublisher } from './dispatch/dispatch.publisher.js';
import { PacedPublisher } from './dispatch/paced.publisher.js';
import { StoredMark } from './dispatch/stored-mark.js';
import { FileLines } from './files/file.lines.js';
import { FileLoader } from './files/file.loader.js';
import { FileService } from './files/file.service.js';
import { GatewayConfig } from './gateway.config.js';
import { CrashPoints } from './health/crash-points.js';
import { GatewayMetrics } from './health/gateway.metrics.js';
import { HealthController } from './health/health.controller.js';
import { BatchCancelService } from './hold/batch-cancel.service.js';
import { BatchDecisionController } from './hold/batch-decision.controller.js';
import { BatchHoldService } from './hold/batch-hold.service.js';
import { HoldController } from './hold/hold.controller.js';
import { HoldService } from './hold/hold.service.js';
import { ReleasePublisher } from './hold/release.publisher.js';
import { DirectRequestConsumer } from './intake/direct-request.consumer.js';
import { DirectRequestService } from './intake/direct-request.service.js';
import { DisburseController } from './intake/disburse.controller.js';
import { DisburseService } from './intake/disburse.service.js';
import { IntakeService } from './intake/intake.service.js';
import { LargeMessageService } from './intake/large-message.service.js';
import { ErrorsPageController } from './openapi/errors-page.controller.js';
import { OnResolveController } from './mapper/on-resolve.controller.js';
import { PayeeResolver } from './mapper/payee.resolver.js';
import { LaneController } from './lanes/lane.controller.js';
import { CompletionSweep } from './outcome/completion.sweep.js';
import { OutcomeConsumer } from './outcome/outcome.consumer.js';
import { OutcomeService } from './outcome/outcome.service.js';
import { PackController } from './packs/pack.controller.js';
import { PackMaker } from './packs/pack.maker.js';
import { ReconciliationController } from './reconciliation/reconciliation.controller.js';
import { StatementController } from './reconciliation/statement.controller.js';
import { RetryPublisher } from './retry/retry.publisher.js';
import { ReviewController } from './review/review.controller.js';
import { ReviewService } from './review/review.service.js';
import { RuleErrorConsumer } from './route/rule-error.consumer.js';
import { SchemaRegistry } from './schema-registry/schema-registry.js';
import { SchemaRegistryController } from './schema-registry/schema-registry.controller.js';
import { SenderRegistry } from './senders/sender-registry.js';
import { BatchController } from './status/batch.controller.js';
import { CsvExport } from './status/csv.export.js';
import { QuestionService } from './status/question.service.js';
import { SearchController } from './status/search.controller.js';
import { SearchService } from './status/search.service.js';
import { TxnStatusController } from './status/txn-status.controller.js';
import { TxnStatusService } from './status/txn-status.service.js';
import { Watchdog } from './watchdog/watchdog.js';

const INTAKE = [
  DisburseService,
  IntakeService,
  LargeMessageService,
  FileLines,
  FileLoader,
  FileService,
  DirectRequestService,
];
const DISPATCH = [PayeeResolver, DispatchPublisher, PacedPublisher];
const HOLD = [HoldService, BatchHoldService, BatchCancelService, ReleasePublisher];
const OUTCOME = [OutcomeService, CompletionSweep, RetryPublisher];
const CALLBACK = [CallbackQueue, CallbackBuilder, CallbackSender, CallbackResender, AnswerBuilder];
const STATUS_CONTROLLERS = [TxnStatusController, SearchController, BatchController];
const BOOKS_CONTROLLERS = [ReconciliationController, StatementController, CloseOutController, PackController];
const BOOKS = [CloseOutService, PackMaker];
const BRIDGE = [BridgeService, BridgeCancelService, BridgeStatements];
const STATUS = [CsvExport, TxnStatusService, SearchService, QuestionService];

/** What main has opened before Nest starts. */
export interface GatewayParts {
  config: GatewayConfig;
  dataSource: DataSource;
  /** For whoever asks. Closed when nobody does any more, answers in callbacks included. */
  reader: ReadPool;
  producer: RecordProducer;
  strategy: KafkaBatchStrategy;
  senders: SenderRegistry;
  http: OutboundHttp;
  mark: StoredMark;
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
        RuleErrorConsumer,
        OutcomeConsumer,
        DeadLetterConsumer,
        ...STATUS_CONTROLLERS,
        CallbackController,
        SchemaRegistryController,
        HoldController,
        BatchDecisionController,
        ReviewController,
        LaneController,
        ...BOOKS_CONTROLLERS,
        BridgeController,
        OnResolveController,
        HealthController,
        ErrorsPageController,
      ],
      providers: [
        { provide: APP_FILTER, useClass: ApiErrorFilter },
        { provide: GatewayConfig, useValue: parts.config },
        { provide: DataSource, useValue: parts.dataSource },
        { provide: ReadPool, useValue: parts.reader },
        { provide: RecordProducer, useValue: parts.producer },
        { provide: KafkaBatchStrategy, useValue: parts.strategy },
        { provide: SenderRegistry, useValue: parts.senders },
        { provide: OutboundHttp, useValue: parts.http },
        { provide: StoredMark, useValue: parts.mark },
        { provide: DeadLetters, useFactory: () => new DeadLetters(parts.producer) },
        ...INTAKE,
        ...DISPATCH,
        ...OUTCOME,
        ...HOLD,
        ReviewService,
        ...CALLBACK,
        ...STATUS,
        Watchdog,
        HeadPublisher,
        ...[...BOOKS, ...BRIDGE],
        SchemaRegistry,
        CrashPoints,
        GatewayMetrics,
      ],
    };
  }
}

import {
  Inject,
  Module,
  type DynamicModule,
  type OnApplicationShutdown,
  type OnModuleDestroy,
} from '@nestjs/common';
import { CallbackSender } from './callback.sender.js';
import { Completion } from './completion.js';
import { FaultBoard } from './faults.js';
import { GsmaController } from './gsma.controller.js';
import { HealthController } from './health.controller.js';
import { HeldConnections } from './held-connections.js';
import { Journal } from './journal.js';
import { Ledger } from './ledger.js';
import { ProviderService } from './provider.service.js';
import { SimulatorConfig } from './simulator.config.js';
import { SimulatorController } from './simulator.controller.js';
import { TokenStore } from './token.store.js';

/** Told of an error after which the books can no longer be trusted to be on disk. */
export type OnFatal = (error: Error) => void;

@Module({})
export class SimulatorModule implements OnModuleDestroy, OnApplicationShutdown {
  constructor(
    @Inject(HeldConnections) private readonly held: HeldConnections,
    @Inject(Completion) private readonly completion: Completion,
    @Inject(CallbackSender) private readonly callbacks: CallbackSender,
    @Inject(Journal) private readonly journal: Journal,
  ) {}

  static async create(config: SimulatorConfig, onFatal: OnFatal): Promise<DynamicModule> {
    const ledger = new Ledger(config.openingBalanceMinor);
    const journal = await Journal.open(config.dataFolder, (entry) => ledger.apply(entry), onFatal);
    const faults = new FaultBoard();
    const callbacks = new CallbackSender(config.callbackRetryMs, config.callbackTimeoutMs);
    const completion = new Completion(ledger, journal, callbacks, config, onFatal);
    completion.resume();
    return {
      module: SimulatorModule,
      controllers: [GsmaController, SimulatorController, HealthController],
      providers: [
        { provide: SimulatorConfig, useValue: config },
        { provide: Ledger, useValue: ledger },
        { provide: Journal, useValue: journal },
        { provide: FaultBoard, useValue: faults },
        { provide: CallbackSender, useValue: callbacks },
        { provide: Completion, useValue: completion },
        { provide: HeldConnections, useClass: HeldConnections },
        {
          provide: ProviderService,
          useValue: new ProviderService(ledger, faults, completion, callbacks, config.synchronous),
        },
        {
          provide: TokenStore,
          useValue: new TokenStore(config.clientId, config.clientSecret, config.tokenSeconds),
        },
      ],
    };
  }

  /** Before the server closes: connections held on purpose would keep it open. */
  onModuleDestroy(): void {
    this.held.close();
    this.completion.close();
    this.callbacks.close();
  }

  /** After the last answer. */
  onApplicationShutdown(): void {
    this.journal.close();
  }
}

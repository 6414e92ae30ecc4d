import {
  Inject,
  Module,
  type DynamicModule,
  type OnApplicationShutdown,
  type OnModuleDestroy,
} from '@nestjs/common';
import { openBank, type Bank } from './bank/bank.js';
import { BankLedger } from './bank/bank.ledger.js';
import { CallbackSender } from './callback.sender.js';
import { Completion } from './completion.js';
import { FaultBoard } from './faults.js';
import { GsmaController } from './gsma.controller.js';
import { HealthController } from './health.controller.js';
import { HeldConnections } from './held-connections.js';
import { Journal, type JournalEntry } from './journal.js';
import { Ledger } from './ledger.js';
import { ProviderService } from './provider.service.js';
import { IdBook } from './mapper/id-book.js';
import { MapperController } from './mapper/mapper.controller.js';
import { SimulatorConfig } from './simulator.config.js';
import { PaystackCompletion } from './paystack/paystack.completion.js';
import { PaystackController } from './paystack/paystack.controller.js';
import { PaystackLedger, type PaystackEntry } from './paystack/paystack.ledger.js';
import { PaystackService } from './paystack/paystack.service.js';
import { SimulatorController } from './simulator.controller.js';
import { StandingPayments } from './standing.js';
import { TokenStore } from './token.store.js';

/** Told of an error after which the books can no longer be trusted to be on disk. */
export type OnFatal = (error: Error) => void;

const JOURNALS = 'journals';
/** Also for who wants to know the bank's port. */
export const BANK = 'bank';

@Module({})
export class SimulatorModule implements OnModuleDestroy, OnApplicationShutdown {
  constructor(
    @Inject(HeldConnections) private readonly held: HeldConnections,
    @Inject(Completion) private readonly completion: Completion,
    @Inject(CallbackSender) private readonly callbacks: CallbackSender,
    @Inject(PaystackCompletion) private readonly paystack: PaystackCompletion,
    @Inject(BANK) private readonly bank: Bank,
    @Inject(JOURNALS) private readonly journals: readonly { close(): Promise<void> }[],
  ) {}

  static async create(config: SimulatorConfig, onFatal: OnFatal): Promise<DynamicModule> {
    const standing = new StandingPayments();
    const ledger = new Ledger(config.openingBalanceMinor, standing);
    const folder = config.dataFolder;
    const restore = (entry: JournalEntry): void => ledger.apply(entry);
    const journal = await Journal.open({ folder, name: 'journal' }, restore, onFatal);
    const faults = new FaultBoard(config.seed, config.faultShares);
    const callbacks = new CallbackSender(config.callbackRetryMs, config.callbackTimeoutMs);
    const completion = new Completion(ledger, journal, callbacks, config, faults, onFatal);
    completion.resume();
    const paystack = await openPaystack(config, { standing, faults, callbacks, onFatal });
    const bank = await openBank(config, { standing, faults, onFatal });
    return {
      module: SimulatorModule,
      controllers: [
        GsmaController,
        PaystackController,
        MapperController,
        SimulatorController,
        HealthController,
      ],
      providers: [
        { provide: SimulatorConfig, useValue: config },
        { provide: Ledger, useValue: ledger },
        { provide: JOURNALS, useValue: [journal, paystack.journal] },
        { provide: BANK, useValue: bank },
        { provide: BankLedger, useValue: bank.ledger },
        { provide: PaystackLedger, useValue: paystack.ledger },
        { provide: PaystackCompletion, useValue: paystack.completion },
        {
          provide: PaystackService,
          useValue: new PaystackService(paystack.ledger, faults, paystack.completion),
        },
        { provide: IdBook, useValue: new IdBook({ ...config.mapper, seed: config.seed }) },
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
  async onModuleDestroy(): Promise<void> {
    this.held.close();
    const taken = [this.completion.close(), this.paystack.close()];
    // A step that waits for a receiver waits no longer.
    this.callbacks.close();
    await Promise.all(taken);
  }

  /** After the last answer. */
  async onApplicationShutdown(): Promise<void> {
    await this.bank.close();
    await Promise.all(this.journals.map((journal) => journal.close()));
  }
}

interface Common {
  standing: StandingPayments;
  faults: FaultBoard;
  callbacks: CallbackSender;
  onFatal: OnFatal;
}

async function openPaystack(
  config: SimulatorConfig,
  { standing, faults, callbacks, onFatal }: Common,
): Promise<{ ledger: PaystackLedger; journal: Journal<PaystackEntry>; completion: PaystackCompletion }> {
  const ledger = new PaystackLedger(config.openingBalanceMinor, standing);
  const restore = (entry: PaystackEntry): void => ledger.apply(entry);
  const journal = await Journal.open({ folder: config.dataFolder, name: 'paystack' }, restore, onFatal);
  const completion = new PaystackCompletion({
    ...{ ledger, journal, callbacks, faults, times: config, onFatal },
    secretKey: config.paystackKey,
    webhookUrl: config.paystackWebhookUrl,
  });
  completion.resume();
  return { ledger, journal, completion };
}

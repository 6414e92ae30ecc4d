import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import type { FaultBoard } from '../faults.js';
import { Journal } from '../journal.js';
import type { SimulatorConfig } from '../simulator.config.js';
import type { StandingPayments } from '../standing.js';
import { answerName } from './bank.answers.js';
import { BankFolders } from './bank.folders.js';
import { BankLedger, type BankEntry } from './bank.ledger.js';
import { BankServer } from './bank.server.js';
import { BankService } from './bank.service.js';

/** The simulated bank as a whole. */
export interface Bank {
  ledger: BankLedger;
  server: BankServer;
  /** Ends in order: no new request, no further step, then the journal. */
  close(): Promise<void>;
}

/** Reads the bank's books, finishes what a crash interrupted, and listens. */
export async function openBank(
  config: SimulatorConfig,
  parts: { standing: StandingPayments; faults: FaultBoard; onFatal: (error: Error) => void },
): Promise<Bank> {
  const ledger = new BankLedger(config.openingBalanceMinor, parts.standing);
  const folders = new BankFolders(join(config.dataFolder, 'bank'));
  const untold: BankEntry[] = [];
  const restore = (entry: BankEntry): void => {
    ledger.apply(entry);
    if (!folders.hasAnswer(entry.account, answerName(entry))) untold.push(entry);
  };
  const journal = await Journal.open({ folder: config.dataFolder, name: 'bank' }, restore, parts.onFatal);
  const { faults, onFatal } = parts;
  const service = new BankService({
    ...{ ledger, journal, folders, faults, onFatal },
    times: config,
    log: new Logger('bank'),
  });
  await service.resume(untold);
  const server = new BankServer(service, folders, config.clientSecret);
  await server.listen(config.bankPort, config.host);
  const close = async (): Promise<void> => {
    await server.close();
    await service.close();
    await journal.close();
  };
  return { ledger, server, close };
}

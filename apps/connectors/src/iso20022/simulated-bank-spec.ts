import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import 'reflect-metadata';
import ssh2 from 'ssh2';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Bank } from '../../../rail-simulator/src/bank/bank.js';
import { BANK_HOST_KEY } from '../../../rail-simulator/src/bank/bank.key.js';
import { startSimulator } from '../../../rail-simulator/src/simulator.app.js';
import { readSimulatorConfig } from '../../../rail-simulator/src/simulator.config.js';
import { BANK } from '../../../rail-simulator/src/simulator.module.js';
import type { Summary } from '../../../rail-simulator/src/ledger.js';
import type { Instruction } from '../connector.js';
import { fingerprint } from './iso20022.client.js';
import { RigLane } from './iso20022.lane-spec.js';
import { instruction, payee } from './iso20022.rig-spec.js';
import { MemoryBankFiles } from './memory-bank-files-spec.js';

const PATIENCE_MS = 10_000;

/** A lane of one customer of the bank. */
export class CustomerLane extends RigLane {
  customer = '';
}

/** The bank of the rail simulator on a free loopback port, with its books on disk, and lanes of the connector to it. */
export class SimulatedBank {
  readonly data = mkdtempSync(join(tmpdir(), 'gpo-bank-'));
  private simulator: NestFastifyApplication;
  private readonly lanes: CustomerLane[] = [];

  async start(): Promise<void> {
    const env = {
      SIMULATOR_PORT: '0',
      SIMULATOR_BANK_PORT: '0',
      SIMULATOR_DATA: this.data,
      SIMULATOR_DELAY_MS: '20',
      SIMULATOR_SLOW_MS: '300',
      SIMULATOR_RETURN_AFTER_MS: '200',
    };
    this.simulator = await startSimulator(readSimulatorConfig(env), (error) => {
      throw error;
    });
  }

  async stop(): Promise<void> {
    for (const { connector } of this.lanes) await connector.close();
    await this.simulator.close();
    rmSync(this.data, { recursive: true });
  }

  /** The process ends and another one finds the same disk. */
  async restart(meanwhile: () => void = () => undefined): Promise<void> {
    await this.simulator.close();
    meanwhile();
    await this.start();
  }

  get port(): number {
    return this.simulator.get<Bank>(BANK).server.port;
  }

  get hostKey(): string {
    const key = ssh2.utils.parseKey(BANK_HOST_KEY);
    if (key instanceof Error) throw key;
    return fingerprint(key.getPublicSSH());
  }

  /** A lane of a customer of its own, so that no test sees another's switches. */
  lane(customer = `c${this.lanes.length + 1}`, files = new MemoryBankFiles()): CustomerLane {
    const lane = new CustomerLane(this, files, {
      username: customer,
      defaultPayerAccount: 'account:100045',
      payeeBanks: { BANK: 'member:001' },
    });
    lane.customer = customer;
    this.lanes.push(lane);
    return lane;
  }

  /** @param ending last seven digits of the payee's account: what docs/rail-simulator.md says of them. */
  instruction(ending = '1000001', change: Partial<Instruction> = {}): Instruction {
    return instruction({ payee: payee('account', `77${ending}`, 'BANK'), currency: 'KES', ...change });
  }

  async ask<T>(path: string, body?: object): Promise<T> {
    const headers = { 'Content-Type': 'application/json' };
    const how = body === undefined ? {} : { method: 'POST', headers, body: JSON.stringify(body) };
    const answer = await fetch(`${await this.simulator.getUrl()}/simulator/${path}`, how);
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return (await answer.json()) as T;
  }

  summary(): Promise<Summary> {
    return this.ask('journal/summary');
  }

  /** What the books say of one disbursement, one word per attempt. */
  async states({ disbursementId }: Instruction): Promise<string[]> {
    const { payments } = await this.ask<{ payments: { state: string }[] }>(
      `journal?disbursement_id=${disbursementId}`,
    );
    return payments.map(({ state }) => state);
  }

  /** Everybody who has logged in. */
  get customers(): string[] {
    return readdirSync(join(this.data, 'bank'));
  }

  /** Every answer in a customer's folder, in order. */
  answers(customer: string): { name: string; text: string }[] {
    const folder = join(this.data, 'bank', customer, 'out');
    const names = readdirSync(folder).sort();
    return names.map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }));
  }

  /** Until an answer of a customer holds this text. */
  async untilAnswered(customer: string, text: string): Promise<void> {
    const end = Date.now() + PATIENCE_MS;
    while (!this.answers(customer).some((answer) => answer.text.includes(text))) {
      if (Date.now() > end) throw new Error(`no answer holds ${text}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** Collects until the bank has said this of every item. */
  async until(lane: RigLane, kind: string, ...items: Instruction[]): Promise<void> {
    const end = Date.now() + PATIENCE_MS;
    let kinds: string[] = [];
    while (Date.now() < end) {
      await lane.collect();
      kinds = await lane.kinds(...items);
      if (kinds.every((one) => one === kind)) return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`expected ${kind}, but it is ${kinds.join(', ')}`);
  }
}

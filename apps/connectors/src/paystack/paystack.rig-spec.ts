import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import 'reflect-metadata';
import { OutboundHttp } from '@gpo/outbound-http';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { startSimulator } from '../../../rail-simulator/src/simulator.app.js';
import { readSimulatorConfig } from '../../../rail-simulator/src/simulator.config.js';
import { MemoryHandles } from '../conformance/memory-handles-spec.js';
import type { Absent, CallContext, InboundMessage, Instruction, Outcome } from '../connector.js';
import { readPaystackConfig } from './paystack.config.js';
import { PaystackConnector } from './paystack.connector.js';

export const TIMEOUT_MS = 1_500;
export const SECRET = 'sk_test_gpo_dev';
export const ctx: CallContext = { beforeSend: () => undefined, timeoutMs: 5_000 };

export interface PaystackLane {
  connector: PaystackConnector;
  account: string;
  handles: MemoryHandles;
}

/** The real simulator on a free loopback port, a webhook receiver, and connectors to them. */
export class PaystackRig {
  base = '';
  readonly webhooks: (InboundMessage & { at: number })[] = [];
  private readonly data = mkdtempSync(join(tmpdir(), 'paystack-'));
  private readonly open: PaystackConnector[] = [];
  private simulator: NestFastifyApplication;
  private receiver: Server;

  async start(): Promise<void> {
    this.receiver = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method = '', url: path = '', headers } = request;
        this.webhooks.push({ method, path, headers, body: Buffer.concat(chunks), at: performance.now() });
        response.writeHead(200).end();
      });
    });
    await new Promise<void>((resolve) => this.receiver.listen(0, '127.0.0.1', resolve));
    const env = {
      SIMULATOR_PORT: '0',
      SIMULATOR_BANK_PORT: '0',
      SIMULATOR_DATA: this.data,
      SIMULATOR_DELAY_MS: '20',
      SIMULATOR_SLOW_MS: '150',
      SIMULATOR_RETURN_AFTER_MS: '100',
      SIMULATOR_PAYSTACK_WEBHOOK_URL: `http://127.0.0.1:${(this.receiver.address() as AddressInfo).port}/{account}`,
    };
    this.simulator = await startSimulator(readSimulatorConfig(env), (error) => {
      throw error;
    });
    this.base = await this.simulator.getUrl();
  }

  async stop(): Promise<void> {
    await Promise.all(this.open.map((connector) => connector.close()));
    await this.simulator.close();
    await new Promise((resolve) => this.receiver.close(resolve));
    rmSync(this.data, { recursive: true });
  }

  /** A connector to an account of its own, so that no test sees another's switches. */
  lane(change: Record<string, unknown> = {}, base = this.base): PaystackLane {
    const account = `a${randomUUID().slice(0, 8)}`;
    const settings = {
      baseUrl: `${base}/paystack/${account}`,
      secretKey: SECRET,
      currencies: ['NGN', 'GHS', 'KES'],
      bankCodes: { BANKNGLA: '058', mpesa: 'MPESA' },
      requestTimeoutMs: TIMEOUT_MS,
      pollAfterMs: 20,
      throttleMs: 30,
      ...change,
    };
    const handles = new MemoryHandles();
    const limits = {
      timeoutMs: TIMEOUT_MS,
      maxResponseBytes: 65_536,
      maxSockets: 32,
      allowPrivateAddresses: true,
    };
    const config = readPaystackConfig('payment-gateway', settings);
    const connector = new PaystackConnector('payment-gateway', config, new OutboundHttp(limits), handles);
    this.open.push(connector);
    return { connector, account, handles };
  }

  /** The simulator's own interface: POST with a body, else GET. */
  async admin(path: string, body?: object): Promise<Record<string, unknown>> {
    const init = body && {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'Content-Type': 'application/json' },
    };
    const answer = await fetch(`${this.base}/simulator/${path}`, init ?? {});
    if (!answer.ok) throw new Error(`${path} is answered ${answer.status}`);
    return (await answer.json()) as Record<string, unknown>;
  }

  /** A call as the account's owner makes it in the dashboard or with curl. */
  async owner(account: string, path: string, body: object): Promise<number> {
    const answer = await fetch(`${this.base}/paystack/${account}${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${SECRET}` },
    });
    return answer.status;
  }

  /** Payments in the simulator's journal, whatever became of them. */
  async paid(item: Instruction): Promise<number> {
    const { payments } = await this.admin(`journal?disbursement_id=${item.disbursementId}`);
    return (payments as unknown[]).length;
  }
}

export function instruction(account = '0123450001', change: Partial<Instruction> = {}): Instruction {
  return {
    railId: randomUUID(),
    batchId: randomUUID(),
    disbursementId: randomUUID(),
    attempt: 1,
    referenceId: randomUUID(),
    payer: { text: 'account_no:1@TREASURY', scheme: 'account_no', id: '1', provider: 'TREASURY' },
    payee: {
      text: `account_no:${account}@BANKNGLA`,
      scheme: 'account_no',
      id: account,
      provider: 'BANKNGLA',
    },
    payeeName: 'Esi Eze',
    amountMinor: 150_050n,
    currency: 'NGN',
    exponent: 2,
    note: 'Cash transfer',
    ...change,
  };
}

export async function until(
  { connector }: Pick<PaystackLane, 'connector'>,
  railId: string,
  kind: string,
): Promise<Outcome | Absent> {
  for (let tries = 0; tries < 100; tries += 1) {
    const [found] = await connector.query([{ railId }], ctx);
    if (found?.kind === kind) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`never ${kind}`);
}
